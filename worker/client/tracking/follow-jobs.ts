import type { Clock } from '../../../shared/clock.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { hasEnded, isDone, type JobStatus, readJobStatus } from './job-status.ts'
import { lostIfGone, mayBeLost, type QueuesSeen } from './lost-jobs.ts'

const LANES = 16
/**
 * Most jobs that one poll reads, with two requests each. If there are more, those that a worker has are read at every
 * poll and the others in turn, so ten thousand queued jobs cost no more than these.
 */
const JOBS_PER_LOOK = 200

export interface FollowOptions {
  readonly clock: Pick<Clock, 'sleep' | 'now'>
  readonly intervalMs: number
  /** Reads the depths of the queues. It is called only where a job may be lost. */
  readonly readQueueDepths: (signal: AbortSignal) => Promise<Pick<QueuesSeen, 'queue' | 'deadLetters'>>
}

interface Followed {
  readonly jobId: string
  /** Status of the job; `null` if there is no record of it yet. */
  status: JobStatus | null
  /** Number of the poll that read it last. */
  seen: number
  /** Time since which it seems to be lost, in milliseconds since the epoch; `null` if it does not. */
  seemsLostSinceMs: number | null
}

const isWaiting = ({ status }: Followed): boolean =>
  status === null || status.state === 'queued' || status.state === 'lost'

/** SQS may count a message nowhere for a moment, as when a worker has just received it. */
const CONFIRMED_AFTER_MS = 60_000

/** Enters the status of a job. It is lost only if it has seemed so for `CONFIRMED_AFTER_MS`. */
const enter = (job: Followed, status: JobStatus | null, seen: QueuesSeen): void => {
  const judged = status === null ? null : lostIfGone(status, seen)
  const nowMs = seen.now.getTime()
  job.seemsLostSinceMs = judged?.state === 'lost' ? (job.seemsLostSinceMs ?? nowMs) : null
  const isConfirmed = job.seemsLostSinceMs !== null && nowMs - job.seemsLostSinceMs >= CONFIRMED_AFTER_MS
  job.status = isConfirmed ? judged : status
}

const NOT_LOOKED_AT = { queue: null, deadLetters: null } as const

const nextToSee = (jobs: readonly Followed[]): readonly Followed[] =>
  jobs
    .filter(({ status }) => status === null || !isDone(status))
    .sort((a, b) => Number(isWaiting(a)) - Number(isWaiting(b)) || a.seen - b.seen)
    .slice(0, JOBS_PER_LOOK)

/**
 * Yields the statuses of jobs, in the order of `jobIds`, again and again until all are done or lost. Jobs without a
 * record are left out. Throws the reason of `signal` when that aborts.
 */
export async function* followJobs(
  outputs: ObjectStore,
  jobIds: readonly string[],
  { clock, intervalMs, readQueueDepths }: FollowOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly JobStatus[]> {
  const jobs = jobIds.map((jobId): Followed => ({ jobId, status: null, seen: 0, seemsLostSinceMs: null }))
  for (let look = 1; jobs.length > 0; look++) {
    const now = clock.now()
    const asksQueues = jobs.some(({ status }) => status !== null && mayBeLost(status, now))
    // Before the records: a job whose message left the queue is found done then.
    const depths = asksQueues ? await readQueueDepths(signal) : NOT_LOOKED_AT
    await inLanes(nextToSee(jobs), LANES, async (job) => {
      enter(job, await readJobStatus(outputs, job.jobId, signal), { now, ...depths })
      job.seen = look
    })
    yield jobs.flatMap(({ status }) => status ?? [])
    // A lost job is read again as long as others are followed: its message may have been late.
    if (jobs.every(({ status }) => status !== null && hasEnded(status))) return
    await clock.sleep(intervalMs, signal)
  }
}
