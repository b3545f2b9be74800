import type { RejectedVideo } from '../../shared/contracts/result-record.ts'
import type { SpentAttempt } from '../../shared/contracts/status-record.ts'

/*
 * Which attempts count against a job. They are entries of `attempts` in status/ID.json, each under the attempt's own id,
 * and each written by its own worker alone. Every write is conditional on the ETag of what was read, and is made anew
 * after a conflict, so that no entry of another worker gets lost.
 *
 *                            entry    reason
 *   received, prepared       none                 a worker that vanishes here has cost the job nothing
 *      │ render begins
 *      ▼
 *   rendering ───────────▶   open     null        its worker vanishes: the entry stays, and counts
 *      │ render ends          │  renewed with each heartbeat: `alive_until`
 *      ▼                      ▼
 *   publishing ──────────▶   none                 as before the render
 *      │
 *      ├─ succeeded           none                result.json is there
 *      ├─ failed             closed   why         counts
 *      └─ SIGTERM, Spot, lost lease, no store, full disk, other model:
 *                             none                costs nothing; the message waits, or is visible again at once
 *
 * A worker that receives the message counts the entries before it begins:
 *
 *   closed, and open past `alive_until`             at the limit: the job has failed
 *   those, and open before `alive_until`            at the limit: a render of another worker may still succeed, by a
 *                                                   second copy of the message. This copy waits until then
 *   fewer                                           an attempt begins
 *
 * What if …
 *   the mark of a render cannot be written?         The render goes on, and the write is repeated. A worker that vanishes
 *                                                   before it got through has cost nothing
 *   the entry cannot be removed after a SIGTERM?    The attempt counts, because its entry is that of a worker that
 *                                                   vanished. A worker that lives on removes it when it takes the job
 *                                                   again
 *   a worker lost its lease and does not know yet?  Its entry is open until it knows; then it removes the entry
 *   a job never gets as far as a render, or the
 *   store does not honour conditions?               The queue's maxReceiveCount (50) ends it, or the queue's retention
 *
 * `svd redrive` begins anew: it writes a status without entries.
 *
 * A job that failed so gets a dead-letter message that the worker sends, because the queue would only move the message
 * after 50 receives. It is sent once per failed record, so that its retention begins anew once and not again and again.
 */

export type AttemptCount = 'left' | 'spent' | { readonly waitSeconds: number }

const isOver = ({ reason, alive_until }: SpentAttempt, now: Date): boolean =>
  reason !== null || Date.parse(alive_until) <= now.getTime()

/** Whether a job has an attempt left. `waitSeconds`: seconds until the first open attempt expires, at least 1. */
export const countAttempts = (
  attempts: readonly SpentAttempt[],
  maxAttempts: number,
  now: Date,
): AttemptCount => {
  if (attempts.length < maxAttempts) return 'left'
  const alive = attempts.filter((attempt) => !isOver(attempt, now))
  if (attempts.length - alive.length >= maxAttempts) return 'spent'
  const soonestMs = Math.min(...alive.map(({ alive_until }) => Date.parse(alive_until)))
  return { waitSeconds: Math.max(1, Math.ceil((soonestMs - now.getTime()) / 1000)) }
}

/** Whether another worker may be rendering the job. */
export const mayRender = (attempts: readonly SpentAttempt[], now: Date): boolean =>
  attempts.some((attempt) => !isOver(attempt, now))

/** Reason why the last attempt failed; `null` if there is no attempt. */
export const lastReason = (attempts: readonly SpentAttempt[]): string | null => {
  const last = attempts.at(-1)
  if (last === undefined) return null
  return last.reason ?? `the worker ${last.worker_id} or its machine vanished while it rendered the job`
}

/** Videos that are kept of clips that did not pass their checks, of all these attempts. */
export const rejectedOf = (attempts: readonly SpentAttempt[]): RejectedVideo[] =>
  attempts.flatMap(({ rejected = [] }) => rejected)

/** Entries after an attempt changed its own; `null` removes it. */
export const withAttempt = (
  attempts: readonly SpentAttempt[],
  id: string,
  own: SpentAttempt | null,
): SpentAttempt[] => {
  const index = attempts.findIndex((attempt) => attempt.id === id)
  if (index < 0) return own === null ? [...attempts] : [...attempts, own]
  return own === null ? attempts.toSpliced(index, 1) : attempts.with(index, own)
}
