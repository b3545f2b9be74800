import { z } from 'zod'
import { CLIP_FORMATS, MAX_CRF } from './clip-format.ts'
import { FIT_MODES } from './fit-mode.ts'

/*
 * The parameters of a clip, each declared once: by its name in documents, which is the reference's, and its schema there.
 * Names in TypeScript, documents (parameters-document.ts), and what crosses to the renderer's process follow from this
 * table. The checks of what a user may ask for are in render-arguments.ts. The order is that of the keys in documents.
 */

/** Parameters that a checkpoint may set. */
export const DEFAULTS_FIELDS = {
  width: z.int().positive(),
  height: z.int().positive(),
  num_frames: z.int().positive(),
  num_inference_steps: z.int().positive(),
  /** A list is used as it is, its last entry being the end value; `null`: Karras sigmas from `num_inference_steps`. */
  sigmas: z.union([z.array(z.number()), z.literal('align-your-steps'), z.null()]),
  min_guidance_scale: z.number(),
  max_guidance_scale: z.number(),
  fps: z.int().positive(),
  motion_bucket_id: z.int().nonnegative(),
  noise_aug_strength: z.number().nonnegative(),
  /** Frames decoded at once; `null`: all. */
  decode_chunk_size: z.int().positive().nullable(),
  num_videos_per_prompt: z.int().positive(),
}

/** Parameters that only a job sets, but for the seed, which documents and programs keep in different types. */
export const JOB_FIELDS = {
  fit: z.enum(FIT_MODES),
  /** Frames that neighbouring decode chunks share; 0 decodes as the reference does. */
  decode_overlap: z.int().nonnegative(),
}

/**
 * Parameters that decide about a clip's files and not about its frames. Documents leave out those that have their default,
 * so that a job which does not use them has the id that it had before there were any.
 */
export const FILE_FIELDS = {
  /** Formats of the files, each once, in the order of `CLIP_FORMATS`. */
  format: z.array(z.enum(CLIP_FORMATS)).min(1),
  /** `null`: each codec's own. */
  crf: z.int().min(1).max(MAX_CRF).nullable(),
  /** The frames there and back, without repeating the first and the last. */
  loop: z.boolean(),
  /** Whether the files carry how the clip was made, and its record lies beside them (clip-record.ts). */
  metadata: z.boolean(),
}

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name
type Immutable<Value> = Value extends readonly (infer Item)[] ? readonly Item[] : Value
/** Values of the fields, under their names in TypeScript. */
export type CamelValues<Fields extends Readonly<Record<string, z.ZodType>>> = {
  readonly [Name in keyof Fields & string as Camel<Name>]: Immutable<z.output<Fields[Name]>>
}
type CamelFields<Fields> = { [Name in keyof Fields & string as Camel<Name>]: Fields[Name] }

export type DefaultName = keyof typeof DEFAULTS_FIELDS
export const DEFAULT_NAMES = Object.keys(DEFAULTS_FIELDS) as readonly DefaultName[]

/** `num_frames` → `numFrames`. */
export const camelName = <Name extends string>(name: Name): Camel<Name> =>
  name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) as Camel<Name>

/** The schemas under their names in TypeScript. */
export const camelFields = <Fields extends object>(fields: Fields): CamelFields<Fields> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [camelName(name), schema]),
  ) as CamelFields<Fields>

/** Every parameter that a checkpoint may set, with its value. */
export const defaultsOf = (
  find: (name: DefaultName) => CamelValues<typeof DEFAULTS_FIELDS>[Camel<DefaultName>],
): CamelValues<typeof DEFAULTS_FIELDS> =>
  Object.fromEntries(DEFAULT_NAMES.map((name) => [camelName(name), find(name)])) as unknown as CamelValues<
    typeof DEFAULTS_FIELDS
  >
