import type { Clock } from './clock.ts'

export interface TimeLimit {
  readonly clock: Clock
  readonly limitMs: number
  /** Name of the work, for the error. Default: none, and the error reports a missing answer. */
  readonly what?: string
  /** Signal that ends the work too. */
  readonly signal?: AbortSignal
}

/** Store or queue did not answer in time. Callers decide by it: no job is at fault. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
}

/**
 * Runs something under a signal that aborts when its time is over, with an error that says so. The signal follows the
 * given one until then, and no longer than what is run takes.
 */
export const withTimeLimit = async <T>(
  { clock, limitMs, what, signal }: TimeLimit,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const done = new AbortController()
  const over = new AbortController()
  clock.sleep(limitMs, done.signal).then(
    () => {
      const seconds = limitMs / 1000
      over.abort(
        new NoAnswerError(
          what === undefined ? `no answer within ${seconds} s` : `${what} took more than ${seconds} s`,
        ),
      )
    },
    () => {},
  )
  // A listener that is removed again costs less than a signal of `AbortSignal.any`, and each request has such a limit.
  const follow = (): void => over.abort(signal?.reason)
  if (signal?.aborted) follow()
  else signal?.addEventListener('abort', follow, { once: true })
  try {
    return await run(over.signal)
  } finally {
    signal?.removeEventListener('abort', follow)
    // With a reason of its own: the default one is an exception with a stack.
    done.abort('done')
  }
}
