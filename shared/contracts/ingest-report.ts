import { z } from 'zod'
import { jobIdSchema, timestampSchema } from './job-message.ts'
import { contextSchema } from './request-context.ts'

/** One thing wrong with an uploaded object. */
export const faultSchema = z.strictObject({
  /** Position of the item in its manifest, from 1; `null` for the document as a whole. */
  item: z.int().positive().nullable(),
  /** Line number in a .jsonl, from 1. */
  line: z.int().positive().nullable(),
  item_id: z.string().nullable(),
  /** `items[3].parameters.fps`, `svd-seed`, `image`. */
  field: z.string(),
  /** Value, rule and likely fix. */
  message: z.string(),
})

export const acceptedJobSchema = z.strictObject({
  job_id: jobIdSchema,
  item: z.int().positive().nullable(),
  item_id: z.string().nullable(),
  image: z.string(),
  /**
   * Empty: the job's `result.json` names its videos, because each attempt writes under keys of its own. Reports of
   * earlier versions have the keys of their time here.
   */
  videos: z.array(z.string()),
  /** It had a result already: nothing was queued. */
  done_before: z.boolean(),
  /** Reports of earlier versions lack it. */
  size: z
    .strictObject({
      /** In pixels. */
      width: z.int().positive(),
      height: z.int().positive(),
      /** Factor by which one side of the image grows more than the other; 1: its proportions stay. */
      stretch: z.number(),
      /** Part of the image that is cut off, and part of the video that is black bars, from 0 to 1. */
      cropped: z.number(),
      padded: z.number(),
    })
    .exactOptional(),
  /** Warnings of a look that is likely to be bad, each with the fix; absent: nothing. */
  warnings: z.array(z.string()).exactOptional(),
})

/**
 * A job that an earlier report on the same upload named and this one does not, because a sidecar came in between. Or a job
 * that a sidecar added to the report on an image which was overwritten soon after.
 * - `pending`    ingest has not decided yet, and decides when the event comes again
 * - `cancelled`  no other upload orders it, so workers were asked to stop it; or a person asked them
 * - `done`       it had ended before, and keeps its result
 * - `kept`       another upload orders it too, so it goes on
 */
export const SUPERSEDED_OUTCOMES = ['pending', 'cancelled', 'done', 'kept'] as const

export const supersededJobSchema = z.strictObject({
  job_id: jobIdSchema,
  outcome: z.enum(SUPERSEDED_OUTCOMES),
})

/** Field of the fault that lists superseded jobs of a rejected upload. */
export const SUPERSEDED_FIELD = 'superseded'

/** A context of the upload, or of one of its items. */
export const reportedContextSchema = z.strictObject({
  /** Position of the item in its manifest, from 1; `null`: of the image, or of items that have none. */
  item: z.int().positive().nullable(),
  context: contextSchema,
})

/** `reports/KEY.json`: what became of an uploaded image or manifest. Its keys are a contract. */
export const ingestReportSchema = z.strictObject({
  version: z.literal(1),
  bucket: z.string(),
  key: z.string(),
  version_id: z.string().nullable(),
  etag: z.string(),
  /** S3's order of events on this key; null where the event had none. */
  sequencer: z.string().nullable(),
  /** `partly`: some of its items. */
  state: z.enum(['accepted', 'partly', 'rejected']),
  jobs: z.array(acceptedJobSchema),
  /** Oldest first. Reports of earlier versions lack it. */
  superseded: z.array(supersededJobSchema).default([]),
  /** Jobs that were added to the report since its first version, because a sidecar came; absent: there are none. */
  revision: z
    .strictObject({
      /** The last time that a run added one. */
      revised_at: timestampSchema,
      job_ids: z.array(jobIdSchema),
    })
    .exactOptional(),
  /** The upload's first, then in the order of items; absent: there are none. */
  contexts: z.array(reportedContextSchema).exactOptional(),
  faults: z.array(faultSchema),
  /** Faults beyond those listed. */
  more_faults: z.int().nonnegative(),
  reported_at: timestampSchema,
})

/** Names of a report's metadata that repeat `state` and `reported_at`: a report itself may have megabytes. */
export const REPORT_STATE = 'report-state'
export const REPORTED_AT = 'reported-at'

export type IngestFault = z.infer<typeof faultSchema>
export type AcceptedJob = z.infer<typeof acceptedJobSchema>
export type SupersededJob = z.infer<typeof supersededJobSchema>
export type ReportedContext = z.infer<typeof reportedContextSchema>
export type IngestReport = z.infer<typeof ingestReportSchema>
