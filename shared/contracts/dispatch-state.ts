import { z } from 'zod'
import { timestampSchema } from './job-message.ts'
import { decodeRecord, encodeCompactRecord } from './record-bytes.ts'

/*
 * `dispatch/state.json` in the output bucket: what dispatch remembers from one minute to the next. Dispatch writes it;
 * `svd status` and `svd doctor --aws` read it.
 */

const count = z.int().nonnegative()

/** A worker job that AWS Batch was asked for, or is about to be. */
const askedWorkerSchema = z.strictObject({
  name: z.string(),
  /** `null`: no answer has come, or it was lost. */
  job_id: z.string().nullable(),
  /** Time just before the request. */
  asked_at: timestampSchema,
  /** ARN of the job definition; `null`: dispatch did not start this job, or an earlier version of dispatch did. */
  revision: z.string().nullable(),
})

export const WAITS = ['model', 'back-off', 'machine', 'canary', 'budget'] as const

const fleetStateSchema = z.strictObject({
  /** Job definition (Batch) or deployment (ECS) that this state is about; `null`: not seen yet. */
  revision: z.string().nullable(),
  /** ETag of the model's record; `null`: not seen yet. */
  model: z.string().nullable(),
  /** A worker of this revision has taken a message of the queue, with this model. */
  proven: z.boolean(),
  /** Failed starts, until workers have worked for a quarter of an hour or have left nothing to do. */
  failures: count,
  /** Dispatch starts no worker before. */
  retry_at: timestampSchema.nullable(),
  /** Why the last start failed. */
  failure: z.string().nullable(),
  /** Why fewer workers are started than the backlog needs; `null`: as many as it needs are started. */
  waits: z.enum(WAITS).nullable(),
  /** Messages wait, workers were asked for, and none has taken a message since. */
  trying_since: timestampSchema.nullable(),
  /** A worker was seen running since `trying_since`. */
  seen_running: z.boolean(),
  running_since: timestampSchema.nullable(),
  /** Messages in flight that no worker holds: jobs that wait for another attempt. */
  hidden: count,
  /** ECS: more workers are desired than busy, since when, and the most that were busy since. */
  surplus: z.strictObject({ since: timestampSchema, busy: count }).nullable(),
  /** Workers that were asked for at the last count. */
  asked: count,
  /** Machines that are paid for: they stay for a while after their workers. */
  machines: count,
  /** `machines` does not shrink before. */
  machines_until: timestampSchema.nullable(),
  /** Estimate for `spend_day`. */
  usd: z.number().nonnegative(),
})

const stateSchema = z.strictObject({
  version: z.literal(2),
  written_at: timestampSchema,
  workers: z.array(askedWorkerSchema),
  /** `null`: the deployment has no such fleet, or has not looked after it yet. */
  batch: fleetStateSchema.nullable(),
  ecs: fleetStateSchema.nullable(),
  /** UTC day, `2026-01-02`, that each fleet's `usd` is about. */
  spend_day: z.iso.date(),
  spend_counted_at: timestampSchema,
  /** Time before which workers take no further job, as in `dispatch/pause.json`; `null` if they are not paused. */
  paused_until: timestampSchema.nullable(),
})

/** As versions of dispatch wrote it that knew AWS Batch alone. */
const firstStateSchema = z.strictObject({
  version: z.literal(1),
  written_at: timestampSchema,
  workers: z.array(askedWorkerSchema.omit({ revision: true })),
})

export type AskedWorker = Readonly<z.infer<typeof askedWorkerSchema>>
export type FleetState = Readonly<z.infer<typeof fleetStateSchema>>
/** Fleets of workers, on AWS Batch and as an ECS service. */
export const FLEET_NAMES = ['batch', 'ecs'] as const
export type FleetName = (typeof FLEET_NAMES)[number]
export type Waits = (typeof WAITS)[number]
export type DispatchState = Readonly<Omit<z.infer<typeof stateSchema>, 'version' | 'written_at'>>

export const NEW_FLEET: FleetState = {
  ...{ revision: null, model: null, proven: false },
  ...{ failures: 0, retry_at: null, failure: null, waits: null },
  ...{ trying_since: null, seen_running: false, running_since: null, hidden: 0, surplus: null },
  ...{ asked: 0, machines: 0, machines_until: null, usd: 0 },
}

/** `2026-01-02`, in UTC. */
export const dayOf = (time: Date): string => time.toISOString().slice(0, 10)

export const newDispatchState = (now: Date): DispatchState => ({
  ...{ workers: [], batch: null, ecs: null },
  ...{ spend_day: dayOf(now), spend_counted_at: now.toISOString(), paused_until: null },
})

/** Bound for a read of the state. A hundred thousand workers have less. */
export const MAX_DISPATCH_STATE_BYTES = 48e6

/** Throws for a document that dispatch did not write. */
export const parseDispatchState = (bytes: Uint8Array): DispatchState => {
  const document = z.discriminatedUnion('version', [stateSchema, firstStateSchema]).parse(decodeRecord(bytes))
  const { written_at } = document
  if (document.version === 1) {
    const workers = document.workers.map((worker) => ({ ...worker, revision: null }))
    return { ...newDispatchState(new Date(written_at)), workers }
  }
  const { version: _, written_at: __, ...state } = document
  return state
}

export const encodeDispatchState = (state: DispatchState, now: Date): Uint8Array =>
  encodeCompactRecord({ version: 2, written_at: now.toISOString(), ...state })
