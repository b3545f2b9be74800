import { faultOf, type InputFault } from '../contracts/input-fault.ts'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import type { RenderArguments } from '../contracts/render-arguments.ts'
import {
  type RenderDefaults,
  type RenderParameters,
  resolveParameters,
} from '../contracts/render-parameters.ts'
import { jobWorkFault, type WorkLimits } from '../contracts/work-limits.ts'
import { mergeArguments } from './merge-arguments.ts'
import { combinationsOf, type Grid } from './read-grid.ts'

/** What a checkpoint decides about its clips. */
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
  /** Of each clip; empty if there are faults. */
  readonly clips: readonly RenderParameters[]
  readonly faults: readonly InputFault[]
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
  const below = layers.reduce<RenderArguments>((merged, { values }) => mergeArguments(merged, values), {})
  const spell = (name: string): string =>
    [...grid].find(([argument]) => argument === name)?.[1].field ??
    layers.findLast(({ values }) => Object.hasOwn(values, name))?.spell(name) ??
    name
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
