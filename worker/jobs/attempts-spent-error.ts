import type { SpentAttempt } from '../../shared/contracts/status-record.ts'
import { lastReason } from './spent-attempts.ts'

/** As many attempts at a job count as it may have. Callers decide by it: the job has failed. */
export class AttemptsSpentError extends Error {
  override readonly name = 'AttemptsSpentError'

  readonly attempts: readonly SpentAttempt[]

  constructor(attempts: readonly SpentAttempt[]) {
    super(lastReason(attempts) ?? 'no attempt is left')
    this.attempts = attempts
  }
}
