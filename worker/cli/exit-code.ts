import { constants } from 'node:os'
import { inspect } from 'node:util'
import { CommanderError } from 'commander'
import { DoesNotFitError } from '../../shared/contracts/does-not-fit.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { explainAwsError } from './aws-error.ts'

/*
 *     0        all done
 *     2        the user's mistake, or too little memory: nothing was run, or this input cannot be used
 *     1        a failure
 *     128 + n  stopped by signal n; 130 is Ctrl-C
 */
export const EXIT_DONE: number = 0
export const EXIT_FAILURE = 1
export const EXIT_INVALID_INPUT = 2

/** A signal asked the command to stop; the reason with which its work is aborted. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`)
    this.signal = signal
  }
}

/** The standard output takes nothing more; no line of code is to blame. */
export class OutputLostError extends Error {
  override readonly name = 'OutputLostError'
}

/** Help and version end Commander's parsing by an error too, with exit code 0; its usage errors have 1. */
const ofCommander = ({ exitCode }: CommanderError): number =>
  exitCode === 0 ? EXIT_DONE : EXIT_INVALID_INPUT

export const exitCodeOf = (error: unknown): number => {
  if (error instanceof CommanderError) return ofCommander(error)
  if (error instanceof InvalidInputError || error instanceof DoesNotFitError) return EXIT_INVALID_INPUT
  if (error instanceof InterruptedError) return 128 + constants.signals[error.signal]
  return EXIT_FAILURE
}

/** Exit code of several images. A failure takes precedence over invalid input, because a retry may help. */
export const worstOf = (codes: readonly number[]): number =>
  codes.find((code) => code === EXIT_FAILURE) ?? codes.find((code) => code !== EXIT_DONE) ?? EXIT_DONE

interface MessageOptions {
  /** Adds where the error came from. */
  readonly debug: boolean
  /** Subject of the error, put in front unless the message begins with it. */
  readonly subject?: string
}

/** Text of an error for stderr. */
export const messageOf = (error: unknown, { debug, subject = '' }: MessageOptions): string => {
  if (debug) return inspect(error)
  const advice = explainAwsError(error)
  const text = advice ?? (error instanceof Error && error.message !== '' ? error.message : String(error))
  const named = subject === '' || text.startsWith(subject) ? text : `${subject}: ${text}`
  const expected = [InvalidInputError, DoesNotFitError, InterruptedError, OutputLostError].some(
    (kind) => error instanceof kind,
  )
  return expected || advice !== null
    ? `error: ${named}`
    : `error: ${named}\n(SVD_DEBUG=1 shows where it happened)`
}
