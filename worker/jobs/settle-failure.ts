import { backOffSeconds, JOB_BACK_OFF, MODEL_BACK_OFF } from '../../shared/back-off.ts'
import { DoesNotFitError } from '../../shared/contracts/does-not-fit.ts'
import type { JobFailure } from '../../shared/contracts/result-record.ts'
import type { SpentAttempt } from '../../shared/contracts/status-record.ts'
import { LeaseLostError } from '../../shared/ports/message-queue.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import type { AttemptsSpentError } from './attempts-spent-error.ts'
import { type ClosingDeps, closeJob, closing } from './close-job.ts'
import { dispositionOf } from './disposition.ts'
import type { JobEnd, LeasedJob } from './leased-job.ts'
import { PostponedError, postponedByCause } from './postponed-error.ts'
import type { ClipHistory } from './quality/clip-history.ts'
import { judgeFailedClip } from './quality/clip-verdict.ts'
import type { QualityError } from './quality/quality-error.ts'
import { reasonOf } from './reason-of.ts'
import { countAttempts, rejectedOf } from './spent-attempts.ts'
import type { StatusChange } from './status-of-attempt.ts'

export interface SettlingDeps extends ClosingDeps {
  /** Attempts that count, after which a job has failed. */
  readonly maxAttempts: number
  /** History of this worker's clips. */
  readonly clips: ClipHistory
}

const failureOf = (error: unknown): JobFailure => {
  const reason = reasonOf(error)
  if (error instanceof DoesNotFitError) return { class: 'does-not-fit', reason, quality: [], rejected: [] }
  return { class: 'invalid-input', reason, quality: [], rejected: [] }
}

/** Fields of the entry of an attempt that failed with this error and counts; empty if it does not count. */
const entryOf = (error: unknown): Pick<StatusChange, 'failed' | 'failedChecks' | 'rejected'> => {
  switch (dispositionOf(error)) {
    case 'retry':
      return { failed: true }
    case 'confirm':
      return { failed: true, failedChecks: true, rejected: (error as QualityError).rejected }
    default:
      return {}
  }
}

const handBackMessage = ({ lease }: LeasedJob, delaySeconds: number, deps: SettlingDeps): Promise<void> =>
  withTimeLimit(closing(deps), (signal) => lease.handBack(delaySeconds, signal))

/** Writes the status before the message becomes visible, so that the next worker finds this attempt's final entry. */
const handBack = async (
  leased: LeasedJob,
  delaySeconds: number,
  change: Omit<StatusChange, 'state'>,
  deps: SettlingDeps,
) => {
  await leased.status.end({ state: 'queued', ...change })
  await handBackMessage(leased, delaySeconds, deps)
}

const giveUp = (
  leased: LeasedJob,
  reason: string,
  attempts: readonly SpentAttempt[],
  deps: SettlingDeps,
): Promise<JobEnd> => {
  const failure: JobFailure = { class: 'exhausted', reason, quality: [], rejected: rejectedOf(attempts) }
  return closeJob(leased, { state: 'failed', failure }, deps)
}

const abandon = async (
  { status }: LeasedJob,
  change: Omit<StatusChange, 'state'> & { readonly message: string },
  leaseLost: boolean,
): Promise<JobEnd> => {
  await status.end({ state: 'queued', ...change })
  return { type: 'abandoned', reason: change.message, leaseLost }
}

/** An attempt that failed and has its entry. */
interface EnteredAttempt {
  /** Attempts that count; `null` if they are not known, so that the next delivery decides by those that it reads. */
  readonly attempts: readonly SpentAttempt[] | null
  readonly isLast: boolean
}

const enterFailed = async (
  { status }: LeasedJob,
  error: unknown,
  { clock, maxAttempts }: SettlingDeps,
): Promise<EnteredAttempt> => {
  const attempts = await status.end({ state: 'queued', message: reasonOf(error), ...entryOf(error) })
  const isLast = attempts !== null && countAttempts(attempts, maxAttempts, clock.now()) === 'spent'
  return { attempts, isLast }
}

/** Makes the message visible again after a delay that grows with each attempt that counts. */
const handBackForRetry = async (
  leased: LeasedJob,
  reason: string,
  { attempts }: EnteredAttempt,
  deps: SettlingDeps,
): Promise<JobEnd> => {
  const delaySeconds = backOffSeconds(attempts?.length ?? leased.attempt.number, JOB_BACK_OFF, deps.random)
  await handBackMessage(leased, delaySeconds, deps)
  return { type: 'retry', reason, delaySeconds }
}

const retryLater = async (leased: LeasedJob, error: unknown, deps: SettlingDeps): Promise<JobEnd> => {
  const reason = reasonOf(error)
  const entered = await enterFailed(leased, error, deps)
  return entered.isLast
    ? await giveUp(leased, reason, entered.attempts ?? [], deps)
    : await handBackForRetry(leased, reason, entered, deps)
}

/** Settles a job whose clip failed its checks on this worker, see clip-verdict.ts. */
const confirm = async (error: QualityError, leased: LeasedJob, deps: SettlingDeps): Promise<JobEnd> => {
  const { clips, worker } = deps
  const jobId = leased.attempt.job.job_id
  const reason = reasonOf(error)
  const entered = await enterFailed(leased, error, deps)
  const verdict = judgeFailedClip(entered.attempts ?? [], {
    workerId: worker.id,
    hasPassedSince: clips.hasPassedSinceFailing(jobId),
  })
  clips.noteFailed(jobId)
  if (verdict === 'open' && !entered.isLast) return await handBackForRetry(leased, reason, entered, deps)
  const failure: JobFailure = {
    class: 'quality',
    reason: verdict === 'confirmed' ? reason : `unconfirmed by another worker: ${reason}`,
    quality: [...error.quality],
    rejected: entered.attempts === null ? [...error.rejected] : rejectedOf(entered.attempts),
  }
  return await closeJob(leased, { state: 'failed', failure }, deps)
}

const postpone = async (
  error: PostponedError,
  leased: LeasedJob,
  deps: SettlingDeps,
  change: Omit<StatusChange, 'state'> = {},
): Promise<JobEnd> => {
  const { waitsForModel, workersFault } = error
  const backOff = waitsForModel === null ? JOB_BACK_OFF : MODEL_BACK_OFF
  const delaySeconds = error.delaySeconds ?? backOffSeconds(leased.attempt.number, backOff, deps.random)
  const reason = reasonOf(error)
  await handBack(leased, delaySeconds, { message: reason, waitsForModel, ...change }, deps)
  return { type: 'postponed', reason, delaySeconds, workersFault, waitsForModel }
}

const settle = async (error: unknown, leased: LeasedJob, deps: SettlingDeps): Promise<JobEnd> => {
  const reason = reasonOf(error)
  switch (dispositionOf(error)) {
    case 'reject':
      return await closeJob(leased, { state: 'failed', failure: failureOf(error) }, deps)
    case 'cancel':
      return await closeJob(leased, { state: 'cancelled' }, deps)
    case 'give-up':
      return await giveUp(leased, reason, (error as AttemptsSpentError).attempts, deps)
    case 'confirm':
      return await confirm(error as QualityError, leased, deps)
    case 'retry':
      return await retryLater(leased, error, deps)
    case 'postpone':
      return await postpone(error as PostponedError, leased, deps)
    case 'release':
      await handBack(leased, 0, { message: reason }, deps)
      return { type: 'released', reason }
    case 'abandon':
      return await abandon(leased, { message: reason }, true)
  }
}

/**
 * Applies the disposition of an attempt's error. Never throws: the worker that receives the message next tries again
 * what cannot be done now. If nothing at all can be done, that is when the lease has run out. An attempt that failed
 * counts whether the rest of this succeeds or not.
 */
export const settleFailure = async (
  thrown: unknown,
  leased: LeasedJob,
  deps: SettlingDeps,
): Promise<JobEnd> => {
  const error = postponedByCause(thrown)
  try {
    return await settle(error, leased, deps)
  } catch (second) {
    const reason = `${reasonOf(error)}; then: ${reasonOf(second)}`
    const entry = entryOf(error)
    try {
      leased.lease.assertHeld()
      return await postpone(new PostponedError(reason, { workersFault: true }), leased, deps, entry)
    } catch (third) {
      const leaseLost = [second, third].some((one) => one instanceof LeaseLostError)
      return await abandon(leased, { message: reason, ...entry }, leaseLost)
    }
  }
}
