import { z } from 'zod'
import { FIT_MODES } from './fit-mode.ts'
import type { RenderDefaults, RenderParameters } from './render-parameters.ts'

/*
 * All parameters of a clip as documents carry them (job message, records, model record): the reference's spelling,
 * every field there, nothing left to a default. The checks of what a user may ask for are in render-arguments.ts.
 */

const defaultsFields = {
  width: z.int().positive(),
  height: z.int().positive(),
  num_frames: z.int().positive(),
  num_inference_steps: z.int().positive(),
  sigmas: z.union([z.array(z.number()), z.literal('align-your-steps'), z.null()]),
  min_guidance_scale: z.number(),
  max_guidance_scale: z.number(),
  fps: z.int().positive(),
  motion_bucket_id: z.int().nonnegative(),
  noise_aug_strength: z.number().nonnegative(),
  decode_chunk_size: z.int().positive().nullable(),
  num_videos_per_prompt: z.int().positive(),
}

export const defaultsDocumentSchema = z.strictObject(defaultsFields)

export const parametersDocumentSchema = z.strictObject({
  ...defaultsFields,
  /** A number up to 2^53, text above it, where a JSON number would lose digits. */
  seed: z.union([z.int(), z.string().regex(/^-?\d+$/)]),
  fit: z.enum(FIT_MODES),
  decode_overlap: z.int().nonnegative(),
})

export type DefaultsDocument = z.infer<typeof defaultsDocumentSchema>
export type ParametersDocument = z.infer<typeof parametersDocumentSchema>

export const encodeDefaults = (defaults: RenderDefaults): DefaultsDocument => ({
  width: defaults.width,
  height: defaults.height,
  num_frames: defaults.numFrames,
  num_inference_steps: defaults.numInferenceSteps,
  sigmas:
    typeof defaults.sigmas === 'object' && defaults.sigmas !== null ? [...defaults.sigmas] : defaults.sigmas,
  min_guidance_scale: defaults.minGuidanceScale,
  max_guidance_scale: defaults.maxGuidanceScale,
  fps: defaults.fps,
  motion_bucket_id: defaults.motionBucketId,
  noise_aug_strength: defaults.noiseAugStrength,
  decode_chunk_size: defaults.decodeChunkSize,
  num_videos_per_prompt: defaults.numVideosPerPrompt,
})

export const decodeDefaults = (document: DefaultsDocument): RenderDefaults => ({
  width: document.width,
  height: document.height,
  numFrames: document.num_frames,
  numInferenceSteps: document.num_inference_steps,
  sigmas: document.sigmas,
  minGuidanceScale: document.min_guidance_scale,
  maxGuidanceScale: document.max_guidance_scale,
  fps: document.fps,
  motionBucketId: document.motion_bucket_id,
  noiseAugStrength: document.noise_aug_strength,
  decodeChunkSize: document.decode_chunk_size,
  numVideosPerPrompt: document.num_videos_per_prompt,
})

export const encodeParameters = (parameters: RenderParameters): ParametersDocument => ({
  ...encodeDefaults(parameters),
  seed: Number.isSafeInteger(Number(parameters.seed)) ? Number(parameters.seed) : String(parameters.seed),
  fit: parameters.fit,
  decode_overlap: parameters.decodeOverlap,
})

export const decodeParameters = (document: ParametersDocument): RenderParameters => ({
  ...decodeDefaults(document),
  seed: BigInt(document.seed),
  fit: document.fit,
  decodeOverlap: document.decode_overlap,
})
