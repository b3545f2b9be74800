/**
 * No process on this machine can render on the card: it is lost, or its driver does not fit. The job is not at fault, and
 * another machine can take it.
 */
export class CardUnusableError extends Error {
  override readonly name = 'CardUnusableError'
}
