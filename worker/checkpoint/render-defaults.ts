import { z } from 'zod'
import { type DefaultName, defaultsOf } from '../../shared/contracts/parameter-fields.ts'
import {
  type RenderArgumentName,
  renderArgumentRule,
  renderArgumentSchema,
} from '../../shared/contracts/render-arguments.ts'
import { guidanceFault, type RenderDefaults } from '../../shared/contracts/render-parameters.ts'
import { acceptFields, type Field, field, readConfigFields } from './config-fields.ts'
import { throwFaults } from './faults.ts'

/** A field with the rule of the option of the same name, so the file allows no value that the option refuses. */
const argument = <Name extends RenderArgumentName>(name: Name, absent: unknown) =>
  field(renderArgumentSchema(name), renderArgumentRule(name), absent)

/** A field that may also be `null`, which means the same as its absence. */
const orNull = <T>({ schema, supported }: Field<T>): Field<T | null> =>
  field(z.union([z.null(), schema]), `null, or ${supported}`, null)

/** Absent fields: the defaults of diffusers 0.42.1 `StableVideoDiffusionPipeline.__call__`. */
const fieldsFor = (unetFrames: number) =>
  ({
    width: argument('width', 1024),
    height: argument('height', 576),
    num_frames: argument('num_frames', unetFrames),
    num_inference_steps: argument('num_inference_steps', 25),
    sigmas: orNull(argument('sigmas', null)),
    min_guidance_scale: argument('min_guidance_scale', 1),
    max_guidance_scale: argument('max_guidance_scale', 3),
    fps: argument('fps', 7),
    motion_bucket_id: argument('motion_bucket_id', 127),
    noise_aug_strength: argument('noise_aug_strength', 0.02),
    decode_chunk_size: orNull(argument('decode_chunk_size', null)),
    num_videos_per_prompt: argument('num_videos_per_prompt', 1),
  }) as const satisfies Readonly<Record<DefaultName, Field<unknown>>>

/**
 * Parses `svd.json`, which a checkpoint folder may carry; `{}` gives the reference's own defaults.
 * Throws InvalidInputError that tells all its faults.
 */
export const parseRenderDefaults = (json: unknown, unetFrames: number, file = 'svd.json'): RenderDefaults => {
  const fields = acceptFields(file, readConfigFields(file, json, fieldsFor(unetFrames)))
  const defaults: RenderDefaults = defaultsOf((name) => fields[name])
  const message = guidanceFault(defaults)
  throwFaults(file, message === null ? [] : [{ field: 'max_guidance_scale', message }])
  return defaults
}
