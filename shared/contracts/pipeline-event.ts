import { z } from 'zod'
import { faultSchema, ingestReportSchema } from './ingest-report.ts'
import { jobIdSchema, originSchema, timestampSchema } from './job-message.ts'
import { contextSchema } from './request-context.ts'
import { FAILURE_CLASSES, outputSchema, RESULT_STATES } from './result-record.ts'

/*
 * What others hear. A request is one item of an upload × one of its jobs: an image without a grid is one request, and so
 * is each clip of a manifest's item. Two requests for the same clip share a job, and each has an event of its own.
 *
 *   request.ended     the job of a request has a result, or had one when its report was written
 *   batch.ended       all jobs of a manifest have a result; again after one of them was brought back and ended
 *   upload.rejected   an upload that is not a manifest was rejected: no clip is made of it
 *
 * An event comes at least once and in any order. Events with one `event_id` are the same event. A request whose upload was
 * overwritten has none, because its report is gone.
 */

const uploadSchema = z.strictObject({
  kind: z.enum(['image', 'manifest', 'other']).describe('what was uploaded; other: outside both folders'),
  ...originSchema.pick({ bucket: true, key: true, version_id: true, etag: true }).shape,
})

const eventFields = {
  version: z.literal(1),
  event_id: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe('equal for deliveries of one event, so that a receiver can drop all but the first'),
  upload: uploadSchema,
  context: contextSchema.nullable().describe('the JSON object that the request carried; null: none'),
  output_bucket: z.string(),
}

export const requestEndedSchema = z.strictObject({
  type: z.literal('request.ended'),
  ...eventFields,
  item: z.int().positive().nullable().describe('position in the manifest, from 1; null: an image'),
  item_id: z.string().nullable(),
  source_key: z.string().describe('key of the image in the input bucket'),
  done_before: z.boolean().describe('the job had its result when it was requested, and cost nothing more'),
  job_id: jobIdSchema,
  attempt: z.int().positive(),
  state: z.enum(RESULT_STATES),
  failure: z
    .strictObject({ class: z.enum(FAILURE_CLASSES), reason: z.string() })
    .nullable()
    .describe('null unless the job failed'),
  warnings: z.array(z.string()),
  outputs: z
    .array(outputSchema.pick({ video: true, poster: true, files: true, frames: true }))
    .describe('files in the output bucket; empty unless the job succeeded'),
  started_at: timestampSchema,
  finished_at: timestampSchema,
  device_seconds: z.number().nonnegative(),
  cost_usd: z.number().nonnegative().nullable().describe('of the job; its requests share it'),
})

const countSchema = z.int().nonnegative()

export const batchEndedSchema = z.strictObject({
  type: z.literal('batch.ended'),
  ...eventFields,
  report_key: z.string(),
  state: ingestReportSchema.shape.state,
  requests: countSchema.describe('accepted requests; each has a request.ended of its own'),
  jobs: z
    .strictObject({ succeeded: countSchema, failed: countSchema, cancelled: countSchema })
    .describe('each job once, however many requests share it'),
  jobs_done_before: countSchema,
  rejected_items: countSchema,
  faults: z.array(faultSchema).describe('the first ten of the report'),
  cost_usd: z.number().nonnegative().nullable().describe('of the jobs that were not done before'),
  finished_at: timestampSchema.nullable().describe('end of the last job; null: there is no job'),
})

export const uploadRejectedSchema = z.strictObject({
  type: z.literal('upload.rejected'),
  ...eventFields,
  report_key: z.string(),
  faults: z.array(faultSchema).describe('the first ten of the report'),
})

export const pipelineEventSchema = z.discriminatedUnion('type', [
  requestEndedSchema,
  batchEndedSchema,
  uploadRejectedSchema,
])

export type RequestEnded = z.infer<typeof requestEndedSchema>
export type BatchEnded = z.infer<typeof batchEndedSchema>
export type UploadRejected = z.infer<typeof uploadRejectedSchema>
export type PipelineEvent = z.infer<typeof pipelineEventSchema>
