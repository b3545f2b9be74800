import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import type { RejectedVideo } from '../../../shared/contracts/result-record.ts'
import type { SpentAttempt } from '../../../shared/contracts/status-record.ts'
import { LeaseLostError } from '../../../shared/ports/message-queue.ts'
import { startAttempt } from '../../../worker/jobs/attempt.ts'
import type { Lease } from '../../../worker/jobs/lease.ts'
import type { LeasedJob } from '../../../worker/jobs/leased-job.ts'
import type { StatusChange } from '../../../worker/jobs/status-of-attempt.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'

/** Failed attempts, of which the first one has stored rejected videos. */
const failures = (count: number, rejected: readonly RejectedVideo[]): SpentAttempt[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `000${index + 1}-0000000000000000`,
    worker_id: 'worker-0',
    reason: 'the renderer crashed',
    alive_until: '2026-01-01T00:00:00.000Z',
    ...(index === 0 && rejected.length > 0 && { rejected: [...rejected] }),
  }))

export interface LeasedJobOptions {
  readonly failedBefore?: number
  /** Rejected videos of the first failed attempt that are stored. */
  readonly rejectedBefore?: readonly RejectedVideo[]
  /** Whether the last write of the status fails, so that the attempts are unknown. */
  readonly statusFails?: boolean
  readonly job?: JobMessage
  readonly attempt?: number
  /** The error that `remove` and `handBack` throw. */
  readonly queueFailure?: Error
}

/** A leased job whose lease records the calls for its message in `said`. */
export const aLeasedJob = ({
  job = aJobMessage({ submittedAt: '2026-01-01T00:00:00.000Z' }),
  attempt = 1,
  failedBefore = 0,
  rejectedBefore = [],
  statusFails = false,
  queueFailure,
}: LeasedJobOptions = {}) => {
  const said: string[] = []
  const statuses: (StatusChange | null)[] = []
  const lost = new AbortController()
  const stopped = new AbortController()
  const say = async (word: string): Promise<void> => {
    if (queueFailure !== undefined) throw queueFailure
    said.push(word)
  }
  const lease: Lease = {
    attempt,
    signal: lost.signal,
    assertHeld: () => lost.signal.throwIfAborted(),
    remove: () => say('removed'),
    handBack: (seconds) => say(`handed back for ${seconds} s`),
  }
  const leased: LeasedJob = {
    attempt: startAttempt(job, attempt, new Date('2026-01-01T00:01:00Z')),
    lease,
    status: {
      report: (change) => statuses.push(change),
      readAttempts: async () => failures(failedBefore, rejectedBefore),
      renew() {},
      async settled() {},
      async end(change) {
        statuses.push(change)
        if (statusFails) return null
        const before = failures(failedBefore + (change?.failed ? 1 : 0), rejectedBefore)
        const last = before.at(-1)
        if (change?.rejected === undefined || last === undefined) return before
        return before.with(-1, { ...last, rejected: [...(last.rejected ?? []), ...change.rejected] })
      },
    },
    cancel: { findCancelled: async () => null, async watchUntil() {} },
    signal: AbortSignal.any([lost.signal, stopped.signal]),
  }
  return {
    leased,
    /** The calls to the queue for the message, in order. */
    said,
    statuses,
    loseLease: () => lost.abort(new LeaseLostError('it is somebody else’s')),
    stop: (reason: Error) => stopped.abort(reason),
  }
}
