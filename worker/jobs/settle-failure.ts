import { DoesNotFitError } from '../../shared/contracts/does-not-fit.ts'
import type { JobFailure } from '../../shared/contracts/result-record.ts'
import { LeaseLostError } from '../../shared/ports/message-queue.ts'
import { backOffSeconds, JOB_BACK_OFF, MODEL_BACK_OFF } from './back-off.ts'
import { CLOSE_LIMIT_MS, type ClosingDeps, closeJob } from './close-job.ts'
import { dispositionOf } from './disposition.ts'
import type { HeldJob, JobEnd } from './held-job.ts'
import { PostponedError, postponedByCause } from './postponed-error.ts'
import { QualityError } from './quality-error.ts'
import { reasonOf } from './reason-of.ts'
import { countAttempts } from './spent-attempts.ts'
import type { StatusChange } from './status-of-attempt.ts'
import { withTimeLimit } from './time-limit.ts'

export interface SettlingDeps extends ClosingDeps {
  /** Attempts that count, after which a job has failed. */
  readonly maxAttempts: number
}

const failureOf = (error: unknown): JobFailure => {
  const reason = reasonOf(error)
  if (error instanceof QualityError) return { class: 'quality', reason, quality: [...error.quality] }
  if (error instanceof DoesNotFitError) return { class: 'does-not-fit', reason, quality: [] }
  return { class: 'invalid-input', reason, quality: [] }
}

/** The status first: the next worker is to find this attempt's entry as it stays. */
const handBack = async (
  { claim, status }: HeldJob,
  delaySeconds: number,
  change: Omit<StatusChange, 'state'>,
  { clock }: SettlingDeps,
) => {
  await status.end({ state: 'queued', ...change })
  await withTimeLimit({ clock, limitMs: CLOSE_LIMIT_MS }, (signal) => claim.handBack(delaySeconds, signal))
}

const giveUp = (held: HeldJob, reason: string, deps: SettlingDeps): Promise<JobEnd> =>
  closeJob(held, { state: 'failed', failure: { class: 'exhausted', reason, quality: [] } }, deps)

const abandon = async (
  { status }: HeldJob,
  change: Omit<StatusChange, 'state'> & { readonly message: string },
  leaseLost: boolean,
): Promise<JobEnd> => {
  await status.end({ state: 'queued', ...change })
  return { type: 'abandoned', reason: change.message, leaseLost }
}

const retryLater = async (held: HeldJob, reason: string, deps: SettlingDeps): Promise<JobEnd> => {
  const { clock, random, maxAttempts } = deps
  const attempts = await held.status.end({ state: 'queued', message: reason, failed: true })
  // Where they are not known, the next delivery decides by what it reads.
  if (attempts !== null && countAttempts(attempts, maxAttempts, clock.now()) === 'spent')
    return await giveUp(held, reason, deps)
  const delaySeconds = backOffSeconds(attempts?.length ?? held.attempt.number, JOB_BACK_OFF, random)
  await withTimeLimit({ clock, limitMs: CLOSE_LIMIT_MS }, (signal) =>
    held.claim.handBack(delaySeconds, signal),
  )
  return { type: 'retry', reason, delaySeconds }
}

const postpone = async (
  error: PostponedError,
  held: HeldJob,
  deps: SettlingDeps,
  change: Omit<StatusChange, 'state'> = {},
): Promise<JobEnd> => {
  const { waitsForModel, workersFault } = error
  const backOff = waitsForModel === null ? JOB_BACK_OFF : MODEL_BACK_OFF
  const delaySeconds = error.delaySeconds ?? backOffSeconds(held.attempt.number, backOff, deps.random)
  const reason = reasonOf(error)
  await handBack(held, delaySeconds, { message: reason, waitsForModel, ...change }, deps)
  return { type: 'postponed', reason, delaySeconds, workersFault, waitsForModel }
}

const settle = async (error: unknown, held: HeldJob, deps: SettlingDeps): Promise<JobEnd> => {
  const reason = reasonOf(error)
  switch (dispositionOf(error)) {
    case 'reject':
      return await closeJob(held, { state: 'failed', failure: failureOf(error) }, deps)
    case 'cancel':
      return await closeJob(held, { state: 'cancelled' }, deps)
    case 'give-up':
      return await giveUp(held, reason, deps)
    case 'retry':
      return await retryLater(held, reason, deps)
    case 'postpone':
      return await postpone(error as PostponedError, held, deps)
    case 'release':
      await handBack(held, 0, { message: reason }, deps)
      return { type: 'released', reason }
    case 'abandon':
      return await abandon(held, { message: reason }, true)
  }
}

/**
 * Does what the error of an attempt asks for. Never throws: what cannot be done now is tried again by whoever gets
 * the message next, and if nothing at all can be done, that is when its lease has run out. An attempt that failed counts
 * whether the rest of this succeeds or not.
 */
export const settleFailure = async (thrown: unknown, held: HeldJob, deps: SettlingDeps): Promise<JobEnd> => {
  const error = postponedByCause(thrown)
  try {
    return await settle(error, held, deps)
  } catch (second) {
    const reason = `${reasonOf(error)}; then: ${reasonOf(second)}`
    const failed = dispositionOf(error) === 'retry' ? ({ failed: true } as const) : {}
    try {
      held.claim.assertHeld()
      return await postpone(new PostponedError(reason, { workersFault: true }), held, deps, failed)
    } catch (third) {
      const leaseLost = [second, third].some((one) => one instanceof LeaseLostError)
      return await abandon(held, { message: reason, ...failed }, leaseLost)
    }
  }
}
