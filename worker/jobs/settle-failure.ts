import { DoesNotFitError } from '../../shared/contracts/does-not-fit.ts'
import type { JobFailure } from '../../shared/contracts/result-record.ts'
import { backOffSeconds, JOB_BACK_OFF } from './back-off.ts'
import { CLOSE_LIMIT_MS, type ClosingDeps, closeJob } from './close-job.ts'
import { dispositionOf } from './disposition.ts'
import type { HeldJob, JobEnd } from './held-job.ts'
import { QualityError } from './quality-error.ts'
import { reasonOf } from './reason-of.ts'
import { withTimeLimit } from './time-limit.ts'

export interface SettlingDeps extends ClosingDeps {
  readonly random: () => number
  /** Deliveries after which the queue moves a message to the dead letters: its `maxReceiveCount`. */
  readonly maxAttempts: number
}

const failureOf = (error: unknown): JobFailure => {
  const reason = reasonOf(error)
  if (error instanceof QualityError) return { class: 'quality', reason, quality: [...error.quality] }
  if (error instanceof DoesNotFitError) return { class: 'does-not-fit', reason, quality: [] }
  return { class: 'invalid-input', reason, quality: [] }
}

const handBack = async (
  { claim, status }: HeldJob,
  delaySeconds: number,
  reason: string,
  { clock }: SettlingDeps,
) => {
  await withTimeLimit({ clock, limitMs: CLOSE_LIMIT_MS }, (signal) => claim.handBack(delaySeconds, signal))
  await status.end({ state: 'queued', message: reason })
}

const retryLater = async (held: HeldJob, reason: string, deps: SettlingDeps): Promise<JobEnd> => {
  const delaySeconds = backOffSeconds(held.attempt.number, JOB_BACK_OFF, deps.random)
  await handBack(held, delaySeconds, reason, deps)
  return { type: 'retry', reason, delaySeconds }
}

const settle = async (error: unknown, held: HeldJob, deps: SettlingDeps): Promise<JobEnd> => {
  const reason = reasonOf(error)
  switch (dispositionOf(error)) {
    case 'reject':
      return await closeJob(held, { state: 'failed', failure: failureOf(error) }, deps)
    case 'cancel':
      return await closeJob(held, { state: 'cancelled' }, deps)
    case 'retry': {
      if (held.attempt.number < deps.maxAttempts) return await retryLater(held, reason, deps)
      const failure: JobFailure = { class: 'exhausted', reason, quality: [] }
      return await closeJob(held, { state: 'failed', failure }, deps, 'hand-back')
    }
    case 'release':
      await handBack(held, 0, reason, deps)
      return { type: 'released', reason }
    case 'abandon':
      await held.status.end(null)
      return { type: 'abandoned', reason }
  }
}

/**
 * Does what the error of an attempt asks for. Never throws: what cannot be done now is tried again by whoever gets
 * the message next, and if nothing at all can be done, that is when its lease has run out.
 */
export const settleFailure = async (error: unknown, held: HeldJob, deps: SettlingDeps): Promise<JobEnd> => {
  try {
    return await settle(error, held, deps)
  } catch (second) {
    const reason = `${reasonOf(error)}; then: ${reasonOf(second)}`
    try {
      held.claim.assertHeld()
      return await retryLater(held, reason, deps)
    } catch {
      await held.status.end(null)
      return { type: 'abandoned', reason }
    }
  }
}
