import type { QueueDepth } from '../../../shared/ports/message-queue.ts'
import { isDone, type JobStatus } from './job-status.ts'

/*
 * SQS does not report a message that is gone: a queue was purged or deleted, or kept the message for no longer. Until its
 * job is asked for, the status says `queued` or whatever it said last. The job is lost where
 *
 *   it is not done, nothing was written about it for a quarter of an hour, and no queue holds any message;
 *   or nothing was written about it for as long as SQS keeps a message at most.
 *
 * A worker that renders writes with every heartbeat. SQS counts its messages approximately, and a minute late.
 */
const QUIET_SECONDS = 15 * 60
const LONGEST_RETENTION_SECONDS = 14 * 86_400

const LOST =
  'its message is in no queue: the queue was purged, or kept it for no longer; upload the image or manifest again'

export interface QueuesSeen {
  readonly now: Date
  /** Depth of the queue; `null` if it was not checked. */
  readonly queue: QueueDepth | null
  readonly deadLetters: QueueDepth | null
}

const isEmpty = ({ visible, inFlight, delayed }: QueueDepth): boolean => visible + inFlight + delayed === 0

const quietSecondsOf = ({ updatedAt }: JobStatus, now: Date): number =>
  (now.getTime() - Date.parse(updatedAt)) / 1000

/** Whether it is time to ask the queues for the job's message. */
export const mayBeLost = (status: JobStatus, now: Date): boolean =>
  !isDone(status) && quietSecondsOf(status, now) > QUIET_SECONDS

/** The status as it is, or the status of a lost job. */
export const lostIfGone = (status: JobStatus, { now, queue, deadLetters }: QueuesSeen): JobStatus => {
  if (isDone(status)) return status
  const quietSeconds = quietSecondsOf(status, now)
  const areEmpty = queue !== null && isEmpty(queue) && (deadLetters === null || isEmpty(deadLetters))
  const isLost = quietSeconds > (areEmpty ? QUIET_SECONDS : LONGEST_RETENTION_SECONDS)
  if (!isLost) return status
  const gone = { phase: null, step: 0, steps: 0, waitsForModel: null }
  return { ...status, ...gone, state: 'lost', message: LOST }
}
