import { expect, test } from 'vitest'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { LeaseLostError } from '../../../shared/ports/message-queue.ts'
import { AttemptsSpentError } from '../../../worker/jobs/attempts-spent-error.ts'
import { dispositionOf } from '../../../worker/jobs/disposition.ts'
import { DrainingError } from '../../../worker/jobs/draining-error.ts'
import { JobCancelledError } from '../../../worker/jobs/job-cancelled-error.ts'
import { PostponedError } from '../../../worker/jobs/postponed-error.ts'
import { QualityError } from '../../../worker/jobs/quality/quality-error.ts'
import { LeaseTooLongError } from '../../../worker/queue/hold-lease.ts'
import { CardUnusableError } from '../../../worker/renderer/card-unusable-error.ts'
import { crashOf } from '../../../worker/renderer/renderer-crashed.ts'

test.each([
  ['reject', new InvalidInputError('image', 'is no image')],
  ['confirm', new QualityError([], [])],
  ['reject', new DoesNotFitError('memory: vae_decoder needs 40 GB, and 24 GB are there')],
  ['cancel', new JobCancelledError('it was asked to stop')],
  ['release', new DrainingError('SIGTERM')],
  ['release', new CardUnusableError('the card is lost')],
  ['abandon', new LeaseLostError('gone')],
  ['retry', new LeaseTooLongError('12 h')],
  ['retry', crashOf({ exitCode: null, signal: 'SIGKILL', lastStderr: '' })],
  ['give-up', new AttemptsSpentError([])],
  ['postpone', new PostponedError('no store', { workersFault: true })],
  ['retry', 'a string'],
])('dispositionOf returns %s for %o', (disposition, error) => {
  expect(dispositionOf(error)).toBe(disposition)
})
