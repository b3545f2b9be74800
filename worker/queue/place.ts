/** Room for one. */
export interface Place {
  /**
   * Waits until it is free, in the order of asking, and takes it; `first` goes before all others that wait. Leaving
   * twice is leaving once. Throws the reason of `signal` if that aborts before.
   */
  enter(signal: AbortSignal, options?: { readonly first: boolean }): Promise<Disposable>
}

export const openPlace = (): Place => {
  const waiting: (() => void)[] = []
  let taken = false

  /** Straight to the next: nobody can come in between. */
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

  const enter: Place['enter'] = async (signal, { first } = { first: false }) => {
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
      // Admitted already: then it is this one's, and goes on.
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
