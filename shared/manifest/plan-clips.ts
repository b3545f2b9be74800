import { faultOf, type InputFault } from '../contracts/input-fault.ts'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import type { RenderArguments } from '../contracts/render-arguments.ts'
import {
  type RenderDefaults,
  type RenderParameters,
  resolveParameters,
} from '../contracts/render-parameters.ts'
import { scheduleFaults } from '../contracts/schedule-steps.ts'
import { jobWorkFault, type WorkLimits } from '../contracts/work-limits.ts'
import { mergeArguments } from './merge-arguments.ts'
import { combinationsOf, type Grid } from './read-grid.ts'

/** Properties of a checkpoint that decide about its clips. */
export interface CheckpointTraits {
  readonly defaults: RenderDefaults
  readonly vaeScaleFactor: number
}

/** Arguments from one place. */
export interface ArgumentLayer {
  readonly values: RenderArguments
  /** A name as the user finds it there: `defaults.fps`. */
  readonly spell: (name: string) => string
}

export interface PlannedClips {
  /** Parameters of each clip; empty if there are faults. */
  readonly clips: readonly RenderParameters[]
  readonly faults: readonly InputFault[]
}

const mergeLayers = (layers: readonly ArgumentLayer[]): RenderArguments =>
  layers.reduce<RenderArguments>((merged, { values }) => mergeArguments(merged, values), {})

/** A name as the user finds it in the highest layer that gives it. */
const spellIn =
  (layers: readonly ArgumentLayer[], grid: Grid) =>
  (name: string): string =>
    [...grid].find(([argument]) => argument === name)?.[1].field ??
    layers.findLast(({ values }) => Object.hasOwn(values, name))?.spell(name) ??
    name

/**
 * The first combination whose `num_inference_steps` contradict its `sigmas`, as a fault; empty if there is none. What a
 * layer below gives counts as given. The checkpoint need not be known.
 */
export const layerFaults = (layers: readonly ArgumentLayer[], grid: Grid): readonly InputFault[] => {
  const below = mergeLayers(layers)
  const spell = spellIn(layers, grid)
  const ofSchedule = new Map(
    [...grid].filter(([name]) => name === 'sigmas' || name === 'num_inference_steps'),
  )
  for (const combination of combinationsOf(ofSchedule)) {
    const faults = scheduleFaults(mergeArguments(below, combination), spell)
    if (faults.length > 0) return faults
  }
  return []
}

/**
 * Layers, the lowest first, and on top of them each combination of the grid. A clip that is more work than a job may have
 * is a fault.
 */
export const planClips = (
  layers: readonly ArgumentLayer[],
  grid: Grid,
  { defaults, vaeScaleFactor }: CheckpointTraits,
  limits: Pick<WorkLimits, 'maxJobWork'>,
): PlannedClips => {
  const faults = layerFaults(layers, grid)
  if (faults.length > 0) return { clips: [], faults }
  const below = mergeLayers(layers)
  const spell = spellIn(layers, grid)
  const clips: RenderParameters[] = []
  for (const combination of combinationsOf(grid)) {
    try {
      const given = mergeArguments(below, combination)
      const parameters = resolveParameters(given, defaults, { vaeScaleFactor, spell })
      const fault = jobWorkFault(parameters, defaults, limits)
      if (fault !== null) return { clips: [], faults: [{ field: spell(fault.name), message: fault.message }] }
      clips.push(parameters)
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error
      return { clips: [], faults: [faultOf(error)] }
    }
  }
  return { clips, faults: [] }
}
