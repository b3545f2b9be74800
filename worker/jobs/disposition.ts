import { DoesNotFitError } from '../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { LeaseLostError } from '../../shared/ports/message-queue.ts'
import { CardUnusableError } from '../renderer/card-unusable-error.ts'
import { DrainingError } from './draining-error.ts'
import { JobCancelledError } from './job-cancelled-error.ts'
import { QualityError } from './quality-error.ts'

/*
 *             result record            message
 *   reject    failed                   removed
 *   cancel    cancelled                removed
 *   retry     on the last attempt:     out of sight for a while; after the last attempt the queue
 *             failed, `exhausted`      moves it to the dead letters
 *   release   none                     visible at once
 *   abandon   none                     left alone: it is somebody else's
 */
export type Disposition = 'reject' | 'cancel' | 'retry' | 'release' | 'abandon'

/** What becomes of a job whose attempt ended with this error. */
export const dispositionOf = (error: unknown): Disposition => {
  const isFinal = [InvalidInputError, QualityError].some((kind) => error instanceof kind)
  if (isFinal || (error instanceof DoesNotFitError && !error.fitsLater)) return 'reject'
  if (error instanceof JobCancelledError) return 'cancel'
  if (error instanceof DrainingError || error instanceof CardUnusableError) return 'release'
  if (error instanceof LeaseLostError) return 'abandon'
  return 'retry'
}
