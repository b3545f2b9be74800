import type { PixelSize } from '../contracts/auto-size.ts'
import { formatFaults } from '../contracts/clip-format.ts'
import { type DefaultSize, isAutoSize, sizeFaults } from '../contracts/clip-size.ts'
import { faultOf, type InputFault } from '../contracts/input-fault.ts'
import { InvalidInputError } from '../contracts/invalid-input.ts'
import type { RenderArgumentName, RenderArguments } from '../contracts/render-arguments.ts'
import {
  type RenderDefaults,
  type RenderParameters,
  resolveParameters,
} from '../contracts/render-parameters.ts'
import { scheduleFaults } from '../contracts/schedule-steps.ts'
import { type JobWorkFault, jobWorkFault, type WorkLimits } from '../contracts/work-limits.ts'
import { mergeArguments } from './merge-arguments.ts'
import { combinationsOf, type Grid } from './read-grid.ts'

/** Properties of a checkpoint that decide about its clips. */
export interface CheckpointTraits {
  readonly defaults: RenderDefaults
  readonly vaeScaleFactor: number
}

/** Properties of the checkpoint and of the deployment that decide about clips. */
export interface ClipTraits extends CheckpointTraits {
  /** Size of clips that give neither size nor fit. */
  readonly defaultSize: DefaultSize
}

/** A clip that is planned but for its size, if that depends on the image. */
export interface PlannedClip {
  /** With a size of `auto`: sides of as many pixels as the clip may have. */
  readonly parameters: RenderParameters
  /** Arguments that a size of `auto` is resolved with; `null`: `parameters` are final. */
  readonly auto: RenderArguments | null
}

/** Parameters of a planned clip of an image. */
export const parametersFor = (
  { parameters, auto }: PlannedClip,
  image: PixelSize,
  { defaults, vaeScaleFactor }: CheckpointTraits,
): RenderParameters =>
  auto === null ? parameters : resolveParameters(auto, defaults, { vaeScaleFactor, image })

/** Arguments from one place. */
export interface ArgumentLayer {
  readonly values: RenderArguments
  /** A name as the user finds it there: `defaults.fps`. */
  readonly spell: (name: string) => string
}

export interface PlannedClips {
  /** Empty if there are faults. */
  readonly clips: readonly PlannedClip[]
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
 * The first combination whose `num_inference_steps` contradict its `sigmas`, the first whose sizes contradict each other,
 * and the first whose formats do not have its `crf` or `fps`, as faults; empty if there is none. What a layer below gives counts as given. The checkpoint need not be known.
 */
export const layerFaults = (layers: readonly ArgumentLayer[], grid: Grid): readonly InputFault[] => {
  const below = mergeLayers(layers)
  const spell = spellIn(layers, grid)
  const faultOfSome = (
    names: readonly RenderArgumentName[],
    faultsOf: (given: RenderArguments, spell: (name: string) => string) => readonly InputFault[],
  ): readonly InputFault[] => {
    for (const combination of combinationsOf(new Map([...grid].filter(([name]) => names.includes(name))))) {
      const faults = faultsOf(mergeArguments(below, combination), spell)
      if (faults.length > 0) return faults
    }
    return []
  }
  return [
    ...faultOfSome(['sigmas', 'num_inference_steps'], scheduleFaults),
    ...faultOfSome(['size', 'max_pixels', 'width', 'height'], sizeFaults),
    ...faultOfSome(['format', 'crf', 'fps'], formatFaults),
  ]
}

const planClip = (
  given: RenderArguments,
  { defaults, vaeScaleFactor, defaultSize }: ClipTraits,
  spell: (name: string) => string,
): PlannedClip => {
  const { size, max_pixels, ...others } = given
  if (!isAutoSize(given, defaultSize))
    return { parameters: resolveParameters(given, defaults, { vaeScaleFactor, spell }), auto: null }
  const parameters = resolveParameters(others, defaults, { vaeScaleFactor, spell })
  const height = Math.floor((max_pixels ?? defaults.width * defaults.height) / defaults.width)
  return { parameters: { ...parameters, height }, auto: { ...given, size: 'auto' } }
}

/** Fault of a clip that is more work than a job may have. A chosen size has its bound to blame, if one is given. */
const workFault = (
  { parameters, auto }: PlannedClip,
  { defaults }: ClipTraits,
  limits: Pick<WorkLimits, 'maxJobWork'>,
): JobWorkFault | null => {
  const fault = jobWorkFault(parameters, defaults, limits)
  return fault !== null && fault.name === 'height' && auto?.max_pixels !== undefined
    ? { ...fault, name: 'max_pixels' }
    : fault
}

/**
 * Layers, the lowest first, and on top of them each combination of the grid. A clip that is more work than a job may have
 * is a fault.
 */
export const planClips = (
  layers: readonly ArgumentLayer[],
  grid: Grid,
  traits: ClipTraits,
  limits: Pick<WorkLimits, 'maxJobWork'>,
): PlannedClips => {
  const faults = layerFaults(layers, grid)
  if (faults.length > 0) return { clips: [], faults }
  const below = mergeLayers(layers)
  const spell = spellIn(layers, grid)
  const clips: PlannedClip[] = []
  for (const combination of combinationsOf(grid)) {
    try {
      const clip = planClip(mergeArguments(below, combination), traits, spell)
      const fault = workFault(clip, traits, limits)
      if (fault !== null) return { clips: [], faults: [{ field: spell(fault.name), message: fault.message }] }
      clips.push(clip)
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error
      return { clips: [], faults: [faultOf(error)] }
    }
  }
  return { clips, faults: [] }
}
