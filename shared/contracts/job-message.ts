import { z } from 'zod'
import { parametersDocumentSchema } from './parameters-document.ts'

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/)
export const jobIdSchema = z.string().regex(/^[0-9a-f]{32}$/)
/** ISO 8601, UTC. */
export const timestampSchema = z.iso.datetime()

/** Upload that a job came from: an image, or an item of a manifest. */
export const originSchema = z.strictObject({
  kind: z.enum(['image', 'manifest']),
  /** `bucket`, `key`, `version_id` and `etag` identify the uploaded object in the input bucket. */
  bucket: z.string(),
  key: z.string(),
  version_id: z.string().nullable(),
  etag: z.string(),
  /** Position of the item in its manifest, from 1. `item_id` is the item's own id. */
  item: z.int().positive().nullable(),
  item_id: z.string().nullable(),
})

/** The image that a job animates. */
export const jobImageSchema = z.strictObject({
  /** As uploaded, in the input bucket: what people call it. */
  source_key: z.string(),
  /** Normalised, in the output bucket. */
  key: z.string(),
  /** Hash of the image's pixels, see `hashPixels`. */
  pixels_sha256: sha256Schema,
  width: z.int().positive(),
  height: z.int().positive(),
})

export const modelReferenceSchema = z.strictObject({ id: z.string(), sha256: sha256Schema })

/** The body of a job's message: everything that the worker needs. Its keys are a contract. */
export const jobMessageSchema = z.strictObject({
  version: z.literal(1),
  job_id: jobIdSchema,
  image: jobImageSchema,
  parameters: parametersDocumentSchema,
  model: modelReferenceSchema,
  origin: originSchema,
  /** For fair queueing; the message's group. */
  group: z.string().min(1).max(128),
  trace_id: z.string(),
  submitted_at: timestampSchema,
})

/**
 * Receives after which SQS moves a job's message to the dead-letter queue (its `maxReceiveCount`), so that the job
 * ends however often workers release it. Attempts that count are fewer, and workers count them themselves.
 */
export const MAX_JOB_RECEIVES = 50

export type JobOrigin = z.infer<typeof originSchema>
export type JobImage = z.infer<typeof jobImageSchema>
export type ModelReference = z.infer<typeof modelReferenceSchema>
export type JobMessage = z.infer<typeof jobMessageSchema>

/**
 * A job's message, in ASCII: what people call their files must get through any queue, and some refuse characters
 * beyond U+FFFF that SQS takes.
 */
export const encodeJobMessage = (job: JobMessage): string =>
  JSON.stringify(job).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
