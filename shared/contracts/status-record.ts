import { z } from 'zod'
import {
  type JobMessage,
  jobIdSchema,
  jobImageSchema,
  modelReferenceSchema,
  originSchema,
  timestampSchema,
} from './job-message.ts'
import { parametersDocumentSchema } from './parameters-document.ts'
import { rejectedVideoSchema } from './result-record.ts'

/*
 *   queued ─▶ preparing ─▶ rendering ─▶ publishing ─▶ succeeded | failed | cancelled
 *     ▲           │            │            │
 *     └───────────┴── retry ───┴────────────┘
 *
 * For people who watch: it may lag behind or miss a change. What became of a job is in its result record alone. Workers
 * decide by one field whether a job has an attempt left: `attempts`, see worker/jobs/spent-attempts.ts.
 */
export const JOB_STATES = [
  'queued',
  'preparing',
  'rendering',
  'publishing',
  'succeeded',
  'failed',
  'cancelled',
] as const

/** An attempt that counts against its job, unless its worker takes it back. */
export const spentAttemptSchema = z.strictObject({
  id: z.string(),
  worker_id: z.string(),
  /** Why it failed; null: it renders, or its worker vanished while it did. */
  reason: z.string().nullable(),
  /** Its clip was rendered, and failed its checks. */
  failed_checks: z.literal(true).exactOptional(),
  /** Videos that are kept of that clip: the record of a job that fails names them. */
  rejected: z.array(rejectedVideoSchema).exactOptional(),
  /** Its worker has to renew a render before then. */
  alive_until: timestampSchema,
})

export const statusRecordSchema = z.strictObject({
  version: z.literal(1),
  job_id: jobIdSchema,
  state: z.enum(JOB_STATES),
  /** Deliveries so far; 0 while no worker has taken it. */
  attempt: z.int().nonnegative(),
  /** Phase of the renderer, while the job is rendering. */
  phase: z.string().nullable(),
  step: z.int().nonnegative(),
  steps: z.int().nonnegative(),
  worker_id: z.string().nullable(),
  /** Why it waits again, or failed, or which warnings its clips have. */
  message: z.string().nullable(),
  /** Attempts that count, oldest first. Records from before they were counted lack these two. */
  attempts: z.array(spentAttemptSchema).default([]),
  /** Model that a worker has to have for the job, where the last one that took the job had another; null: not so. */
  waits_for_model: modelReferenceSchema.nullable().default(null),
  image: jobImageSchema,
  parameters: parametersDocumentSchema,
  origin: originSchema,
  submitted_at: timestampSchema,
  updated_at: timestampSchema,
})

export type SpentAttempt = z.infer<typeof spentAttemptSchema>
export type JobState = (typeof JOB_STATES)[number]
export type StatusRecord = z.infer<typeof statusRecordSchema>

/** Status of a job whose message is in the queue and that no worker has taken. */
export const queuedStatus = (job: JobMessage, now: Date): StatusRecord => ({
  version: 1,
  job_id: job.job_id,
  state: 'queued',
  attempt: 0,
  phase: null,
  step: 0,
  steps: 0,
  worker_id: null,
  message: null,
  attempts: [],
  waits_for_model: null,
  image: job.image,
  parameters: job.parameters,
  origin: job.origin,
  submitted_at: job.submitted_at,
  updated_at: now.toISOString(),
})
