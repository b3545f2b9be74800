/** Mutex with a queue. */
export interface Mutex {
  /**
   * Waits for the mutex, in the order of the calls, and takes it; with `first`, before all others that wait. Disposing
   * of the result releases it; a second disposal does nothing. Throws the reason of `signal` if that aborts before.
   */
  enter(signal: AbortSignal, options?: { readonly first: boolean }): Promise<Disposable>
}

export const createMutex = (): Mutex => {
  const waiting: (() => void)[] = []
  let taken = false

  /** Passes the mutex straight to the next caller, so that no other can take it in between. */
  const leave = (): void => {
    const admitNext = waiting.shift()
    if (admitNext === undefined) taken = false
    else admitNext()
  }
  const onceLeft = (): Disposable => {
    let left = false
    return {
      [Symbol.dispose]() {
        if (left) return
        left = true
        leave()
      },
    }
  }

  const enter: Mutex['enter'] = async (signal, { first } = { first: false }) => {
    signal.throwIfAborted()
    if (!taken) {
      taken = true
      return onceLeft()
    }
    const turn = Promise.withResolvers<void>()
    if (first) waiting.unshift(turn.resolve)
    else waiting.push(turn.resolve)
    const giveUp = (): void => {
      const index = waiting.indexOf(turn.resolve)
      // Admitted already, so this caller has the mutex and goes on.
      if (index < 0) return
      waiting.splice(index, 1)
      turn.reject(signal.reason)
    }
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      await turn.promise
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
    return onceLeft()
  }

  return { enter }
}
