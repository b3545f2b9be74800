import { DoesNotFitError } from '../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { LeaseLostError } from '../../shared/ports/message-queue.ts'
import { CardUnusableError } from '../renderer/card-unusable-error.ts'
import { AttemptsSpentError } from './attempts-spent-error.ts'
import { DrainingError } from './draining-error.ts'
import { JobCancelledError } from './job-cancelled-error.ts'
import { PostponedError } from './postponed-error.ts'
import { QualityError } from './quality/quality-error.ts'

/*
 *             result record            message                                          the attempt counts
 *   reject    failed                   removed
 *   cancel    cancelled                removed
 *   give-up   failed, `exhausted`      sent to the dead-letter queue, removed
 *   confirm   none, or failed,         as for retry, or removed: see clip-verdict.ts        yes
 *             `quality`
 *   retry     on the last attempt:     out of sight for a while, longer each time;      yes
 *             failed, `exhausted`      on the last attempt as for give-up
 *   postpone  none                     out of sight for a while                         no
 *   release   none                     visible at once                                  no
 *   abandon   none                     left alone: another worker may have its lease    no
 */
export type Disposition =
  | 'reject'
  | 'cancel'
  | 'give-up'
  | 'confirm'
  | 'retry'
  | 'postpone'
  | 'release'
  | 'abandon'

/** Disposition of a job whose attempt ended with this error. */
export const dispositionOf = (error: unknown): Disposition => {
  if (error instanceof InvalidInputError || error instanceof DoesNotFitError) return 'reject'
  if (error instanceof QualityError) return 'confirm'
  if (error instanceof JobCancelledError) return 'cancel'
  if (error instanceof AttemptsSpentError) return 'give-up'
  if (error instanceof PostponedError) return 'postpone'
  if (error instanceof DrainingError || error instanceof CardUnusableError) return 'release'
  if (error instanceof LeaseLostError) return 'abandon'
  return 'retry'
}
