/**
 * A clip fits the machine's memory in no way that was allowed, or a job of the queue does not fit the time for which a
 * worker can hold its message. Callers decide by it: another try on this machine would end the same, so the command exits
 * with 2 and prints the message alone, and the queue's worker records the job as failed and does not try again, unless it
 * `fitsLater`. The message has what is needed, what is there, and what would fit.
 */
export class DoesNotFitError extends Error {
  override readonly name = 'DoesNotFitError'
  /** It would fit if other processes used nothing of the memory, so the queue's worker tries again. */
  readonly fitsLater: boolean

  constructor(message: string, { fitsLater = false }: { readonly fitsLater?: boolean } = {}) {
    super(message)
    this.fitsLater = fitsLater
  }
}
