import { z } from 'zod'
import type { RenderDefaults } from '../../shared/contracts/render-parameters.ts'
import { acceptFields, field, notNegative, readFields, wholeNumber } from './config-fields.ts'

const side = (absent: number) =>
  field(z.int().min(8).max(65_536).multipleOf(8), 'a multiple of 8 from 8 to 65536', absent)

/** Absent fields: the defaults of diffusers 0.42.1 `StableVideoDiffusionPipeline.__call__`. */
const fieldsFor = (unetFrames: number) =>
  ({
    width: side(1024),
    height: side(576),
    num_frames: wholeNumber(unetFrames),
    num_inference_steps: wholeNumber(25),
    sigmas: field(
      z.union([z.null(), z.literal('align-your-steps'), z.array(z.number().nonnegative()).min(2)]),
      '"align-your-steps", a list of at least two numbers from 0 up, or null',
      null,
    ),
    min_guidance_scale: notNegative(1),
    max_guidance_scale: notNegative(3),
    fps: wholeNumber(7),
    motion_bucket_id: wholeNumber(127, 0),
    noise_aug_strength: notNegative(0.02),
    decode_chunk_size: field(
      z.union([z.null(), z.int().min(1).max(65_536)]),
      'null or a whole number from 1 to 65536',
      null,
    ),
    num_videos_per_prompt: wholeNumber(1),
  }) as const

/**
 * Parses `svd.json`, which a checkpoint folder may carry; `{}` gives the reference's own defaults.
 * Throws InvalidInputError that tells all its faults.
 */
export const parseRenderDefaults = (json: unknown, unetFrames: number, file = 'svd.json'): RenderDefaults => {
  const fields = acceptFields(file, readFields(file, json, fieldsFor(unetFrames)))
  return {
    width: fields.width,
    height: fields.height,
    numFrames: fields.num_frames,
    numInferenceSteps: fields.num_inference_steps,
    sigmas: fields.sigmas,
    minGuidanceScale: fields.min_guidance_scale,
    maxGuidanceScale: fields.max_guidance_scale,
    fps: fields.fps,
    motionBucketId: fields.motion_bucket_id,
    noiseAugStrength: fields.noise_aug_strength,
    decodeChunkSize: fields.decode_chunk_size,
    numVideosPerPrompt: fields.num_videos_per_prompt,
  }
}
