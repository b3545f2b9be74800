import { z } from 'zod'
import {
  camelFields,
  DEFAULTS_FIELDS,
  FILE_FIELDS,
  JOB_FIELDS,
} from '../../shared/contracts/parameter-fields.ts'
import type { RenderParameters } from '../../shared/contracts/render-parameters.ts'
import { PRECISIONS } from '../compiler/targets/clip-targets.ts'

/** Modes that decide how much of the model is in memory at once. On the CPU all modes give the same frames. */
export const MEMORY_MODES = ['auto', 'resident', 'offload', 'low-vram'] as const

const parametersSchema: z.ZodType<RenderParameters> = z.strictObject({
  ...camelFields(DEFAULTS_FIELDS),
  seed: z.bigint(),
  ...camelFields(JOB_FIELDS),
  ...camelFields(FILE_FIELDS),
})

/** File with the pixels of an image alone, as RGB24. */
export const rgbFileSchema = z.strictObject({
  path: z.string(),
  /** SHA-256 of the file in lower-case hex; `null` if the renderer writes the file. */
  sha256: z.string().nullable(),
  width: z.int().positive(),
  height: z.int().positive(),
})

/** Device that the process runs on. Its environment is made for that device (see engine/device.ts). */
const deviceSchema = z.discriminatedUnion('provider', [
  z.strictObject({ provider: z.literal('cpu') }),
  z.strictObject({
    provider: z.literal('cuda'),
    uuid: z.string(),
    precision: z.enum(PRECISIONS),
    /** 75 for sm_75. */
    computeCapability: z.int(),
  }),
])

const settingsSchema = z.strictObject({
  device: deviceSchema,
  checkpointDir: z.string(),
  variant: z.string().nullable(),
  parameters: parametersSchema,
  memory: z.enum(MEMORY_MODES),
  /** More jobs of this checkpoint are likely: `auto` then keeps its networks in memory where they fit. */
  keepWarm: z.boolean(),
  /** Thread count; 0 takes one per physical core. */
  threads: z.int().nonnegative(),
  /** Folder for prepared weights, made once a checkpoint; `null` if none are kept. */
  cacheDir: z.string().nullable(),
})

/**
 * Job of the renderer's process: it reads the pixels of one image and writes the raw frames of each video. Other
 * processes decode and encode files, so the networks can run the next job meanwhile. Paths are absolute.
 */
export const renderJobSchema = settingsSchema
  .extend({
    /** The upright image, at its own size, for CLIP. */
    source: rgbFileSchema,
    /**
     * The image at the clip's size, fitted by `parameters.fit`, for the VAE. The renderer writes it where it is not
     * fitted ahead (fit-ahead.ts).
     */
    fitted: rgbFileSchema,
    /** A file of raw frames (see video/raw-frames.ts) per video. */
    outputs: z.array(z.string()),
  })
  .refine(
    ({ fitted, parameters }) => fitted.width === parameters.width && fitted.height === parameters.height,
    { path: ['fitted'], error: 'is not of the size in parameters' },
  )
  .refine(({ outputs, parameters }) => outputs.length === parameters.numVideosPerPrompt, {
    path: ['outputs'],
    error: 'are not as many as parameters.numVideosPerPrompt',
  })

const timingsSchema = z.strictObject({
  /** Reading the checkpoint, building graphs, making sessions. */
  load: z.number(),
  encodeImage: z.number(),
  denoise: z.number(),
  decode: z.number(),
  total: z.number(),
})

const rawVideoSchema = z.strictObject({
  path: z.string(),
  frameCount: z.int(),
  sizeBytes: z.int(),
  /** Count of values in all frames that were NaN or infinite before they became bytes. Use the video only if 0. */
  nonFiniteValues: z.int(),
})

export const renderResultSchema = z.strictObject({
  /** Videos in the order of the job's outputs. */
  videos: z.array(rawVideoSchema),
  seconds: timingsSchema,
  /** Largest resident set of the renderer's process so far. */
  peakMemoryBytes: z.int(),
  /** Mode that was used: the one requested, or the one that `auto` chose. */
  memory: z.enum(['resident', 'offload', 'low-vram']),
  /** Frames decoded at once: as requested, or as the memory planner chose. */
  decodeChunk: z.int().positive(),
  /** Steps run: length of the sigma list less one. */
  steps: z.int(),
  /** Chunks that overflowed in float16 and were decoded once more in float32. */
  decodeFallbacks: z.int().nonnegative(),
  /** Frames of such a chunk decoded at once; `null` if no chunk overflowed, or if each was decoded as a whole. */
  fallbackChunk: z.int().positive().nullable(),
})

export type RgbFile = z.infer<typeof rgbFileSchema>
export type RawVideo = z.infer<typeof rawVideoSchema>
/** A job but for its files. */
export type RenderSettings = z.infer<typeof settingsSchema>
export type RenderJob = z.infer<typeof renderJobSchema>
export type RenderResult = z.infer<typeof renderResultSchema>
export type MemoryMode = (typeof MEMORY_MODES)[number]
