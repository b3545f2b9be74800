import type { PixelSize } from './auto-size.ts'
import { chooseSize, givenSides } from './clip-size.ts'
import type { FitMode } from './fit-mode.ts'
import { InvalidInputError } from './invalid-input.ts'
import type { RenderArguments } from './render-arguments.ts'
import { stepsOfSigmas } from './schedule-steps.ts'

/** The call arguments of the reference pipeline where a job does not say another. */
export interface RenderDefaults {
  readonly width: number
  readonly height: number
  readonly numFrames: number
  readonly numInferenceSteps: number
  /** A list is used as it is, its last entry being the end value; null: Karras sigmas from numInferenceSteps. */
  readonly sigmas: readonly number[] | 'align-your-steps' | null
  readonly minGuidanceScale: number
  readonly maxGuidanceScale: number
  readonly fps: number
  readonly motionBucketId: number
  readonly noiseAugStrength: number
  /** Frames decoded at once; null: all. */
  readonly decodeChunkSize: number | null
  readonly numVideosPerPrompt: number
}

/** Everything that decides the numbers of a clip, resolved: nothing is left to defaults. */
export interface RenderParameters extends RenderDefaults {
  readonly seed: bigint
  readonly fit: FitMode
  /** Frames that neighbouring decode chunks share; 0 decodes as the reference does. */
  readonly decodeOverlap: number
}

/** Fault in the combination of the two guidance scales; `null` if there is none. */
export const guidanceFault = ({
  minGuidanceScale,
  maxGuidanceScale,
}: Pick<RenderDefaults, 'minGuidanceScale' | 'maxGuidanceScale'>): string | null =>
  usesGuidance({ maxGuidanceScale }) || minGuidanceScale <= 1
    ? null
    : `a max_guidance_scale of ${maxGuidanceScale} turns guidance off, and min_guidance_scale is ${minGuidanceScale}; ` +
      'give both above 1, or both 1'

const DEFAULT_SEED = 0n

export interface ResolveOptions {
  readonly vaeScaleFactor: number
  /** Image of the clip, which a size of `auto` needs. */
  readonly image?: PixelSize
  /** A name as the user finds it. */
  readonly spell?: (name: string) => string
}

const sizeFor = (
  given: RenderArguments,
  model: RenderDefaults,
  { vaeScaleFactor, image }: ResolveOptions,
): PixelSize & { readonly fit: FitMode } => {
  if (given.size !== 'auto') return { ...givenSides(given, model), fit: given.fit ?? 'fill' }
  if (image === undefined) throw new Error('a size of auto is resolved without an image')
  return chooseSize(image, given, { model, vaeScaleFactor })
}

/** Arguments given by the user over the checkpoint's defaults, checked against each other and the VAE's block size. */
export const resolveParameters = (
  given: RenderArguments,
  defaults: RenderDefaults,
  options: ResolveOptions,
): RenderParameters => {
  const { vaeScaleFactor, spell = (name) => name } = options
  const { width, height, fit } = sizeFor(given, defaults, options)
  const parameters: RenderParameters = {
    width,
    height,
    numFrames: given.num_frames ?? defaults.numFrames,
    numInferenceSteps: given.num_inference_steps ?? defaults.numInferenceSteps,
    sigmas: given.sigmas ?? (given.num_inference_steps === undefined ? defaults.sigmas : null),
    minGuidanceScale: given.min_guidance_scale ?? defaults.minGuidanceScale,
    maxGuidanceScale: given.max_guidance_scale ?? defaults.maxGuidanceScale,
    fps: given.fps ?? defaults.fps,
    motionBucketId: given.motion_bucket_id ?? defaults.motionBucketId,
    noiseAugStrength: given.noise_aug_strength ?? defaults.noiseAugStrength,
    decodeChunkSize: given.decode_chunk_size ?? defaults.decodeChunkSize,
    numVideosPerPrompt: given.num_videos_per_prompt ?? defaults.numVideosPerPrompt,
    seed: given.seed ?? DEFAULT_SEED,
    fit,
    decodeOverlap: given.decode_overlap ?? 0,
  }
  for (const side of ['width', 'height'] as const) {
    if (parameters[side] % vaeScaleFactor !== 0) {
      throw new InvalidInputError(
        spell(given[side] === undefined && given.size !== undefined ? 'size' : side),
        `got ${parameters[side]}; this checkpoint's VAE works on blocks of ${vaeScaleFactor} pixels: ` +
          `take ${Math.ceil(parameters[side] / vaeScaleFactor) * vaeScaleFactor}`,
      )
    }
  }
  const fault = guidanceFault(parameters)
  if (fault !== null) {
    // Defaults agree with each other, so that one of the two was given.
    const blamed = given.max_guidance_scale === undefined ? 'min_guidance_scale' : 'max_guidance_scale'
    throw new InvalidInputError(spell(blamed), fault)
  }
  const chunk = decodeChunkOf(parameters)
  if (parameters.decodeOverlap > 0 && parameters.decodeOverlap >= chunk) {
    throw new InvalidInputError(
      spell('decode_overlap'),
      `got ${parameters.decodeOverlap}; must be smaller than decode_chunk_size, which is ${chunk}`,
    )
  }
  return parameters
}

/** Frames decoded at once: all of a clip's unless the job says fewer. */
export const decodeChunkOf = ({ decodeChunkSize, numFrames }: RenderParameters): number =>
  decodeChunkSize ?? numFrames

/** Guidance is on when the largest scale is above 1: the reference decides it by that one alone. */
export const usesGuidance = ({ maxGuidanceScale }: Pick<RenderDefaults, 'maxGuidanceScale'>): boolean =>
  maxGuidanceScale > 1

/** Denoising steps of a clip. */
export const stepsOf = ({
  sigmas,
  numInferenceSteps,
}: Pick<RenderDefaults, 'sigmas' | 'numInferenceSteps'>): number =>
  sigmas === null ? numInferenceSteps : stepsOfSigmas(sigmas)
