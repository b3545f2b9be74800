import type { Clock } from './clock.ts'

export interface TimeLimit {
  readonly clock: Clock
  readonly limitMs: number
  /** Ends it too. */
  readonly signal?: AbortSignal
}

/** Store or queue did not answer in time. Callers decide by it: no job is at fault. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
}

/** Runs something under a signal that aborts when its time is over, with an error that says so. */
export const withTimeLimit = async <T>(
  { clock, limitMs, signal }: TimeLimit,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const done = new AbortController()
  const over = new AbortController()
  clock.sleep(limitMs, done.signal).then(
    () => over.abort(new NoAnswerError(`no answer within ${limitMs / 1000} s`)),
    () => {},
  )
  try {
    return await run(signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]))
  } finally {
    // With a reason of its own: the default one is an exception with a stack.
    done.abort('done')
  }
}
