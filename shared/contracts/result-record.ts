import { z } from 'zod'
import { CLIP_FORMATS } from './clip-format.ts'
import { jobIdSchema, jobMessageSchema, sha256Schema, timestampSchema } from './job-message.ts'

/** States in which a job ends. */
export const RESULT_STATES = ['succeeded', 'failed', 'cancelled'] as const
export type ResultState = (typeof RESULT_STATES)[number]

export const isResultState = (state: string): state is ResultState =>
  (RESULT_STATES as readonly string[]).includes(state)

const seconds = z.number().nonnegative()

const storedFileSchema = z.strictObject({
  /** In the output bucket. */
  key: z.string(),
  size_bytes: z.int().nonnegative(),
  sha256: sha256Schema,
})

/** A file of a clip in one of its formats. */
const formattedFileSchema = z.strictObject({ format: z.enum(CLIP_FORMATS), ...storedFileSchema.shape })

/** Figures of a clip's frames, and what they were found to show. 8-bit levels unless said otherwise. */
export const clipQualitySchema = z.strictObject({
  /** Why the clip was rejected, each with its check's name first: `black: …`; empty: it was not. */
  faults: z.array(z.string()),
  /** Faults that only warn, in the same form; older records lack the key. */
  warnings: z.array(z.string()).default([]),
  /** NaN or infinite values before the frames became bytes. */
  non_finite_values: z.int().nonnegative(),
  /** Mean brightness of the darkest frame. */
  darkest_frame_mean: z.number(),
  /** Largest and smallest mean absolute difference of neighbouring frames; null: one frame. */
  largest_frame_change: z.number().nullable(),
  smallest_frame_change: z.number().nullable(),
  /** Largest change where decode chunks meet over the median change elsewhere; null: they meet nowhere, or everywhere. */
  seam_change_ratio: z.number().nullable(),
  /** First frame against the fitted input image. */
  first_frame_psnr_db: z.number(),
  /** As the MP4 itself says. */
  container_frames: z.int().nonnegative(),
})

export const outputSchema = z.strictObject({
  /** The MP4, which every player plays. It is there in any case, and is one of `files` only if the job asks for it. */
  video: storedFileSchema,
  poster: storedFileSchema,
  /** Files in the formats that the job asks for. Older records lack the key: their jobs asked for the MP4. */
  files: z.array(formattedFileSchema).min(1).optional(),
  /** Frames of each file; those of a loop count twice, but for the first and the last. */
  frames: z.int().positive(),
  quality: clipQualitySchema,
})

/**
 * One video of a clip that did not pass its checks, as its attempt made it last. The files expire after some days. A clip
 * of several videos is rejected as a whole, so that `faults` may be empty for some of them.
 */
export const rejectedVideoSchema = z.strictObject({
  /** Id of the attempt that made it, see worker/jobs/attempt-id.ts. */
  attempt_id: z.string(),
  worker_id: z.string(),
  ...outputSchema.shape,
})

/**
 * Why a job failed for good.
 * - `invalid-input`  the image or its parameters can never work
 * - `quality`        the clip did not pass its checks, also with the fallback decode, and on a second worker or on one that makes
 *                    good clips; `reason` begins with `unconfirmed` where no such worker was there
 * - `does-not-fit`   the worker's memory is too small for the clip in any way of rendering it, or the worker cannot
 *                    render it within the twelve hours for which a message can be held
 * - `exhausted`      as many attempts failed, or lost their worker, as a job may have, or the queue gave it up; `reason`
 *                    is the last one's
 */
export const FAILURE_CLASSES = ['invalid-input', 'quality', 'does-not-fit', 'exhausted'] as const

export const failureSchema = z.strictObject({
  class: z.enum(FAILURE_CLASSES),
  reason: z.string(),
  /** Results of the checks, for clips that were rendered. */
  quality: z.array(clipQualitySchema),
  /** Videos that were rejected and are kept for some days, of all attempts that count; older records lack the key. */
  rejected: z.array(rejectedVideoSchema).default([]),
})

const timesSchema = z.strictObject({
  /** From submit to this attempt's receive. */
  waiting: seconds,
  prepare: seconds,
  load: seconds,
  encode_image: seconds,
  denoise: seconds,
  decode: seconds,
  encode_video: seconds,
  check: seconds,
  publish: seconds,
})

/**
 * `result.json`: written once, after the outputs; a job is done when it is there. Its keys are a contract.
 */
export const resultRecordSchema = z.strictObject({
  version: z.literal(1),
  job_id: jobIdSchema,
  state: z.enum(RESULT_STATES),
  attempt: z.int().positive(),
  job: jobMessageSchema,
  outputs: z.array(outputSchema),
  /** `null` unless the job failed. */
  failure: failureSchema.nullable(),
  started_at: timestampSchema,
  finished_at: timestampSchema,
  /** `null` if the attempt did not get that far. */
  seconds: timesSchema.nullable(),
  /** Time in which the job had the renderer's device. */
  device_seconds: seconds,
  /** At the worker's hourly price; null where no price is set. */
  cost_usd: z.number().nonnegative().nullable(),
  /** The clip came from the fallback decode: small decode chunks that overlap. */
  safer_path: z.boolean(),
  /**
   * Frames decoded at once in the clip that was rendered last: what was asked for, or what the worker chose for its
   * memory where nothing was asked for. Null where no clip was rendered; older records lack it.
   */
  decode_chunk_size: z.int().positive().nullable().default(null),
  /** Chunks of that clip that overflowed in float16 and were decoded once more in float32. Null as above. */
  decode_fallbacks: z.int().nonnegative().nullable().default(null),
  worker: z.strictObject({
    id: z.string(),
    version: z.string(),
    execution_provider: z.string(),
    /** Name of the card, or of the processor. Records from before there were cards lack these two. */
    device: z.string().optional(),
    precision: z.string().optional(),
  }),
})

export type StoredFile = z.infer<typeof storedFileSchema>
export type FormattedFile = z.infer<typeof formattedFileSchema>
export type ClipQuality = z.infer<typeof clipQualitySchema>
export type JobOutput = z.infer<typeof outputSchema>
export type RejectedVideo = z.infer<typeof rejectedVideoSchema>
export type JobFailure = z.infer<typeof failureSchema>
export type FailureClass = (typeof FAILURE_CLASSES)[number]
export type ResultRecord = z.infer<typeof resultRecordSchema>

/** Files of a clip in the formats that its job asked for. */
export const filesOfOutput = ({
  video,
  files,
}: Pick<JobOutput, 'video' | 'files'>): readonly FormattedFile[] => files ?? [{ format: 'mp4', ...video }]

/** Warnings of the job's clips, each once. */
export const warningsOf = ({ outputs }: Pick<ResultRecord, 'outputs'>): readonly string[] => [
  ...new Set(outputs.flatMap(({ quality }) => quality.warnings)),
]

/** The reason of a failed job, or the warnings of a job's clips; null if there are none. */
export const messageOfResult = (result: Pick<ResultRecord, 'failure' | 'outputs'>): string | null => {
  if (result.failure !== null) return result.failure.reason
  const warnings = warningsOf(result)
  return warnings.length === 0 ? null : `published with warnings: ${warnings.join('; ')}`
}
