import type { Clock } from './clock.ts'

export interface TimeLimit {
  readonly clock: Clock
  readonly limitMs: number
  /** Ends it too. */
  readonly signal?: AbortSignal
}

/** Runs something under a signal that aborts when its time is over, with an error that says so. */
export const withTimeLimit = async <T>(
  { clock, limitMs, signal }: TimeLimit,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const done = new AbortController()
  const over = new AbortController()
  clock.sleep(limitMs, done.signal).then(
    () => over.abort(new Error(`no answer within ${limitMs / 1000} s`)),
    () => {},
  )
  try {
    return await run(signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]))
  } finally {
    // With a reason of its own: the default one is an exception with a stack.
    done.abort('done')
  }
}
