import { z } from 'zod'

/** The poster of `clip.mp4` is `clip.poster.png`: `svd render clip.png --output clip.mp4` keeps its photo. */
export const posterOf = (video: string): string => video.replace(/\.mp4$/, '.poster.png')

/** How much of the model is in memory at once. All modes give the same frames. */
export const MEMORY_MODES = ['auto', 'resident', 'offload', 'low-vram'] as const

const parametersSchema = z.strictObject({
  width: z.int(),
  height: z.int(),
  numFrames: z.int(),
  numInferenceSteps: z.int(),
  sigmas: z.union([z.array(z.number()), z.literal('align-your-steps'), z.null()]),
  minGuidanceScale: z.number(),
  maxGuidanceScale: z.number(),
  fps: z.int(),
  motionBucketId: z.int(),
  noiseAugStrength: z.number(),
  decodeChunkSize: z.int().nullable(),
  numVideosPerPrompt: z.int(),
  seed: z.bigint(),
  fit: z.enum(['fill', 'crop', 'pad']),
  decodeOverlap: z.int(),
})

/** What the renderer's process gets: one image in, one MP4 per video out. Paths are absolute. */
export const renderJobSchema = z.strictObject({
  checkpointDir: z.string(),
  variant: z.string().nullable(),
  image: z.string(),
  /** How messages name the image: what the user wrote. */
  imageField: z.string(),
  parameters: parametersSchema,
  memory: z.enum(MEMORY_MODES),
  /** More jobs of this checkpoint are likely: `auto` then keeps its networks in memory where they fit. */
  keepWarm: z.boolean(),
  /** 0: one per physical core. */
  threads: z.int().nonnegative(),
  /** One MP4 per video of `numVideosPerPrompt`; a poster is written beside each, see `posterOf`. */
  outputs: z.array(z.string()).min(1),
  /** Lossless PNGs of each frame, `0000.png` on; one folder per video, or null. */
  framesDirs: z.array(z.string()).nullable(),
  ffmpegPath: z.string(),
  /** Folder for weights in the runtime's own order, made once a checkpoint; null: none is kept. */
  cacheDir: z.string().nullable(),
})

const timingsSchema = z.strictObject({
  /** Reading the checkpoint, building graphs, making sessions. */
  load: z.number(),
  encodeImage: z.number(),
  denoise: z.number(),
  decode: z.number(),
  encodeVideo: z.number(),
  total: z.number(),
})

const fileSchema = z.strictObject({ path: z.string(), sizeBytes: z.int(), sha256: z.string() })

export const renderResultSchema = z.strictObject({
  videos: z.array(
    z.strictObject({
      video: fileSchema,
      poster: fileSchema,
      framesDir: z.string().nullable(),
      frameCount: z.int(),
    }),
  ),
  seconds: timingsSchema,
  /** Largest resident set of the renderer's process so far. */
  peakMemoryBytes: z.int(),
  /** What `auto` came to. */
  memory: z.enum(['resident', 'offload', 'low-vram']),
  /** Steps run: length of the sigma list less one. */
  steps: z.int(),
})

export type RenderJob = z.infer<typeof renderJobSchema>
export type RenderResult = z.infer<typeof renderResultSchema>
export type MemoryMode = (typeof MEMORY_MODES)[number]
