/**
 * A user's mistake: a file, value or option that can never work as given.
 * Callers decide by it: the CLI exits with 2 and prints the message alone, the queue worker records the job
 * as failed and does not try again. The message names field, value, rule and likely fix.
 */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError'
  /** Name of the faulty input, as the user spells it: `--num-frames`, `unet/config.json: sample_size`. */
  readonly field: string

  constructor(field: string, message: string, options?: ErrorOptions) {
    super(`${field}: ${message}`, options)
    this.field = field
  }
}
