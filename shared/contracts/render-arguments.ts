import { z } from 'zod'
import { CLIP_FORMATS, formatFaults, isClipFormat, MAX_CRF, normalizeFormats } from './clip-format.ts'
import { sizeFaults } from './clip-size.ts'
import { customSigmasSchema } from './custom-sigmas.ts'
import { explained } from './explained.ts'
import { FIT_MODES } from './fit-mode.ts'
import type { InputFault } from './input-fault.ts'
import { InvalidInputError } from './invalid-input.ts'
import { scheduleFaults } from './schedule-steps.ts'
import { shownValue } from './shown-value.ts'

/**
 * The arguments of one clip: diffusers' StableVideoDiffusionPipeline.__call__, in its own spelling, and nine of ours
 * (`fit`, `size` with `max_pixels`, `decode_overlap`, `seed` for its generator, and `format`, `crf`, `loop` and `metadata` of its files). All optional: what is not given comes from the checkpoint's
 * svd.json, else from the reference's defaults.
 */
const integer = (min: number, max: number) => z.int().min(min).max(max)

/** Sides above this exceed what any card decodes, and what H.264 level 6.2 allows. */
const MAX_SIDE_PIXELS = 8192
/** 64 x 64: the smallest that the UNet can halve. */
const MIN_PIXELS = 4096
const MAX_FRAMES = 4096
const MAX_STEPS = 1000
const MAX_SEED = 2n ** 64n - 1n

interface Argument<Value = unknown> {
  readonly schema: z.ZodType<Value>
  readonly rule: string
}

const argument = <Schema extends z.ZodType>(schema: Schema, rule: string) =>
  ({ schema, rule }) satisfies Argument

const side = argument(
  integer(8, MAX_SIDE_PIXELS).multipleOf(8),
  `a multiple of 8 from 8 to ${MAX_SIDE_PIXELS}, in pixels (the VAE works on blocks of 8)`,
)
const SIZE = /^(auto|model|(\d{1,4})x(\d{1,4}))$/

const isSize = (text: string): boolean => {
  const [, , ...sides] = SIZE.exec(text) ?? [null, null, '0']
  return sides.every((text) => text === undefined || side.schema.safeParse(Number(text)).success)
}

/** `mp4,gif` or `["mp4", "gif"]`; in any order, also repeated. */
const formatsSchema = z
  .union([
    z.array(z.enum(CLIP_FORMATS)).min(1),
    z
      .string()
      .regex(new RegExp(`^(${CLIP_FORMATS.join('|')})(,(${CLIP_FORMATS.join('|')}))*$`))
      .transform((text) => text.split(',').filter(isClipFormat)),
  ])
  .transform(normalizeFormats)

const guidanceScale = argument(z.number().min(0).max(100), 'a number from 0 to 100; 1 means no guidance')

const ARGUMENTS = {
  width: side,
  height: side,
  num_frames: argument(integer(1, MAX_FRAMES), `a whole number from 1 to ${MAX_FRAMES}`),
  num_inference_steps: argument(integer(1, MAX_STEPS), `a whole number from 1 to ${MAX_STEPS}`),
  sigmas: argument(
    z.union([z.literal('align-your-steps'), customSigmasSchema]),
    'the name align-your-steps, or two or more falling numbers that end with the last noise level, such as 700,15.6,0.5,0',
  ),
  min_guidance_scale: guidanceScale,
  max_guidance_scale: guidanceScale,
  fps: argument(integer(1, 240), 'a whole number of frames per second from 1 to 240'),
  motion_bucket_id: argument(integer(0, 1023), 'a whole number from 0 to 1023; trained values go up to 255'),
  noise_aug_strength: argument(z.number().min(0).max(10), 'a number from 0 to 10; the reference takes 0.02'),
  decode_chunk_size: argument(
    integer(1, MAX_FRAMES),
    `a whole number from 1 to ${MAX_FRAMES}: frames decoded at once`,
  ),
  num_videos_per_prompt: argument(integer(1, 64), 'a whole number from 1 to 64'),
  seed: argument(
    z
      .union([z.int(), z.bigint(), z.string().regex(/^-?\d+$/)])
      .transform(BigInt)
      .refine((seed) => seed >= -(2n ** 63n) && seed <= MAX_SEED),
    'a whole number from -2^63 to 2^64 - 1 (from 2^53 up as text)',
  ),
  fit: argument(
    z.enum(FIT_MODES),
    'fill (stretch, as the reference does), crop or pad (both keep the proportions)',
  ),
  decode_overlap: argument(
    integer(0, MAX_FRAMES),
    'a whole number from 0 up, smaller than decode_chunk_size',
  ),
  size: argument(
    z.string().refine(isSize),
    "auto (the model's pixels in the image's proportions), model, or WIDTHxHEIGHT in multiples of 8 such as 1024x576",
  ),
  max_pixels: argument(
    integer(MIN_PIXELS, MAX_SIDE_PIXELS ** 2),
    `a whole number from ${MIN_PIXELS} to ${MAX_SIDE_PIXELS ** 2}: the most pixels of a size that is chosen`,
  ),
  format: argument(
    formatsSchema,
    `one or more of ${CLIP_FORMATS.join(', ')}: a list, or text with commas such as mp4,gif`,
  ),
  crf: argument(
    integer(1, MAX_CRF),
    `a whole number from 1 (best) to 51 for mp4 (H.264) and to 63 for webm (VP9)`,
  ),
  loop: argument(z.boolean(), 'true or false; true plays the frames there and back'),
  metadata: argument(
    z.boolean(),
    'true or false; false writes no metadata into the files, and no NAME.json beside them',
  ),
} as const

export type RenderArgumentName = keyof typeof ARGUMENTS

type Values = { readonly [Name in RenderArgumentName]: z.output<(typeof ARGUMENTS)[Name]['schema']> }

export type RenderArguments = { readonly [Name in RenderArgumentName]?: Values[Name] }

/** The same, in a type that a name can be looked up in before it is known which one. */
const BY_NAME: { readonly [Name in RenderArgumentName]: Argument<Values[Name]> } = ARGUMENTS

export const RENDER_ARGUMENT_NAMES = Object.keys(ARGUMENTS) as readonly RenderArgumentName[]

/** Rule for the values that a user may give, as text. */
export const renderArgumentRule = (name: RenderArgumentName): string => ARGUMENTS[name].rule

/** Rule for the values that a user may give, as a zod schema. */
export const renderArgumentSchema = <Name extends RenderArgumentName>(name: Name): z.ZodType<Values[Name]> =>
  BY_NAME[name].schema

/** The argument that an unknown name is likely to mean. */
export const argumentLike = (unknownName: string): RenderArgumentName | undefined => {
  const folded = unknownName.replaceAll(/[-_]/g, '').toLowerCase()
  return RENDER_ARGUMENT_NAMES.find((name) => {
    const known = name.replaceAll('_', '')
    return known === folded || known.startsWith(folded) || folded.startsWith(known)
  })
}

const suggestion = (unknownName: string): string => {
  const close = argumentLike(unknownName)
  if (close === undefined) return `known are ${RENDER_ARGUMENT_NAMES.join(', ')}`
  const several = 'several seeds are the grid of a sidecar or a manifest, "grid": { "seed": [1, 5, 9] }'
  return `did you mean ${close}?${unknownName.toLowerCase() === 'seeds' ? ` ${several}` : ''}`
}

export interface ReadArguments {
  /** Those that are sound. */
  readonly values: RenderArguments
  readonly faults: readonly InputFault[]
}

/**
 * Checks a record of arguments in the reference's spelling. An argument that is `null` or `undefined` is not given: a
 * layer below, or the checkpoint, decides it. `spell` turns a name into what the user wrote
 * (`--num-frames`).
 */
export const readRenderArguments = (
  given: Readonly<Record<string, unknown>>,
  spell: (name: string) => string = (name) => name,
): ReadArguments => {
  const values: Record<string, unknown> = {}
  const faults: InputFault[] = []
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    if (!Object.hasOwn(ARGUMENTS, name)) {
      faults.push({ field: spell(name), message: `no such argument; ${suggestion(name)}` })
      continue
    }
    if (value === null) continue
    const { schema, rule }: Argument = ARGUMENTS[name as RenderArgumentName]
    const result = schema.safeParse(value)
    if (result.success) values[name] = result.data
    else {
      const got = `got ${shownValue(value)}${explained(result.error)}`
      faults.push({ field: spell(name), message: `${got}; must be ${rule}` })
    }
  }
  return { values: values as RenderArguments, faults }
}

const combinationFaults = (
  values: RenderArguments,
  spell: (name: string) => string,
): readonly InputFault[] => [
  ...scheduleFaults(values, spell),
  ...sizeFaults(values, spell),
  ...formatFaults(values, spell),
]

/**
 * As `readRenderArguments`, but throws one InvalidInputError that tells every fault, also of arguments that contradict each
 * other.
 */
export const parseRenderArguments = (
  given: Readonly<Record<string, unknown>>,
  spell: (name: string) => string = (name) => name,
): RenderArguments => {
  const { values, faults } = readRenderArguments(given, spell)
  const [first, ...others] = [...faults, ...combinationFaults(values, spell)]
  if (first === undefined) return values
  const rest = others.map(({ field, message }) => `\n${field}: ${message}`).join('')
  throw new InvalidInputError(first.field, first.message + rest)
}
