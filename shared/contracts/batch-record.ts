import { z } from 'zod'
import { jobIdSchema, timestampSchema } from './job-message.ts'

/**
 * `batches/SHA.json`: how far notify has come with a manifest. As long as `waits_for` has no result the batch has not
 * ended, so the results of its other jobs need no look at all of them.
 */
export const batchRecordSchema = z.strictObject({
  version: z.literal(1),
  /** Key of the manifest. */
  key: z.string(),
  /** ETag of the report that this is about. */
  report_etag: z.string(),
  /** A job that had no result when this was written; `null`: all had one, and that was announced. */
  waits_for: jobIdSchema.nullable(),
  /** The batch's end that was announced last; `null`: none was. */
  announced: z
    .strictObject({
      event_id: z.string(),
      /** The latest time at which S3 stored one of its results. */
      stored_at: timestampSchema.nullable(),
    })
    .nullable(),
})

export type BatchRecord = z.infer<typeof batchRecordSchema>
