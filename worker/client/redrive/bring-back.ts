import type { Clock } from '../../../shared/clock.ts'
import { cancelKey, resultKey, statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { encodeJobMessage, type JobMessage } from '../../../shared/contracts/job-message.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../../shared/contracts/record-bytes.ts'
import { resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import { queuedStatus, statusRecordSchema } from '../../../shared/contracts/status-record.ts'
import { forgetEnded, noteChanged } from '../../../shared/job-index/write-entries.ts'
import type { MessageQueue } from '../../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { archiveResult } from '../../../shared/records/archive-result.ts'
import { readReadableRecord, readRecord } from '../../../shared/records/read-record.ts'
import { lastArchivedResult } from './last-archived-result.ts'
import { type JobDeadLetterMessage, renewLease } from './leased-dead-letters.ts'
import { mayComeBack, type RedriveFilter } from './redrive-filter.ts'

/*
 * Protocol that brings a failed job back into the queue. At every moment its message is in one of the two queues, so a
 * crash loses nothing. The next redrive does the steps that are left. `message` is the dead-letter message.
 *
 *                                   jobs/ID/result.json   message  queue   if it stops here, the next redrive
 *   0  lease the message            failed                leased           begins
 *   1  create failures/000n.json    failed                leased           finds the same bytes there: goes on
 *   2  delete its index entry       failed                leased           goes on
 *   3  delete result.json           none                  leased           has nothing to keep: goes on
 *   4  index entry, cancel/ID       none                  leased           goes on
 *   5  status `queued`              none                  leased           writes it again
 *   6  send a message of the job    none, or the new one  leased   sent    sends it again: a job done twice has
 *                                                                          one result; or, if it is done by then,
 *                                                                          removes the message
 *   7  as 2, because a worker that  none, or the new one  leased   sent    as after 6
 *      read the record meanwhile
 *      may have entered it again
 *   8  remove the message           none, or the new one  gone     sent    has nothing to do
 *
 * The lease hides the dead-letter message from workers, which would record again that its job failed. They may do so
 * if the protocol stops between 3 and 8 for longer than the lease. Then the message that was sent meets a failed record
 * and is removed. The dead-letter message is still there, and the next redrive begins at 0.
 */

export interface RedriveDeps {
  readonly outputs: ObjectStore
  readonly jobs: MessageQueue
  readonly deadLetters: MessageQueue
  readonly clock: Pick<Clock, 'now'>
}

/**
 * - `brought-back`   the job is in the queue
 * - `done`           the job has a result that stays; its dead-letter message is removed
 * - `out-of-reach`   the lease on its message is lost: another process has it, or this took too long; nothing changed
 */
export type BringBackOutcome = 'brought-back' | 'done' | 'out-of-reach'

const writeQueued = async (
  { outputs, clock }: RedriveDeps,
  job: JobMessage,
  signal: AbortSignal,
): Promise<void> => {
  const known = await readRecord(outputs, statusKey(job.job_id), statusRecordSchema, signal)
  // The message may be of another upload than that which ordered the job first.
  const { origin, submitted_at } = known?.record ?? job
  const status = { ...queuedStatus(job, clock.now()), origin, submitted_at }
  const bytes = encodeRecord(status)
  await outputs.put(statusKey(job.job_id), bytes, RECORD_OPTIONS, signal)
}

/** Sends the message of a job. Throws if the queue refuses it. */
export const sendJob = async (queue: MessageQueue, job: JobMessage, signal: AbortSignal): Promise<void> => {
  const [refused] = await queue.send([{ body: encodeJobMessage(job), groupId: job.group }], signal)
  if (refused !== undefined)
    throw new Error(`${job.job_id}: the queue refused its message: ${refused.reason}`)
}

/** Brings a failed job back into the queue. Throws if store or queue fail; the dead-letter message then stays. */
export const bringBack = async (
  deps: RedriveDeps,
  deadLetter: JobDeadLetterMessage,
  filter: RedriveFilter,
  signal: AbortSignal,
): Promise<BringBackOutcome> => {
  const { outputs, jobs, deadLetters } = deps
  const { job, message } = deadLetter
  const jobId = job.job_id
  if (!(await renewLease(deadLetters, deadLetter, signal))) return 'out-of-reach'
  const stored = await readReadableRecord(outputs, resultKey(jobId), resultRecordSchema, signal)
  if (!mayComeBack({ jobId, result: stored?.record ?? null }, filter)) {
    await deadLetters.remove(message.receiptHandle, signal)
    return 'done'
  }
  const ended = stored?.record ?? (await lastArchivedResult(outputs, jobId, signal))
  const forget = async (): Promise<void> => {
    if (ended !== null) await forgetEnded(outputs, ended, signal)
  }
  if (stored !== null) await archiveResult(outputs, jobId, stored.bytes, signal)
  await forget()
  if (stored !== null) await outputs.delete(resultKey(jobId), signal)
  await noteChanged(outputs, jobId, deps.clock.now(), signal)
  await outputs.delete(cancelKey(jobId), signal)
  await writeQueued(deps, job, signal)
  await sendJob(jobs, job, signal)
  await forget()
  await deadLetters.remove(message.receiptHandle, signal)
  return 'brought-back'
}
