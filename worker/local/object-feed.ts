/** Keys that were written and have not been taken yet, in the order of writing, each once. */
export interface UploadFeed {
  /** A key that waits already keeps its position. */
  add(key: string): void
  /** Waits for a key, and takes it. Rejects with the reason of `signal` when that aborts first. */
  next(signal: AbortSignal): Promise<string>
  /** Takes all keys that wait. */
  takeAll(): readonly string[]
}

/** A feed for one reader. It is unbounded, because the objects themselves are in the memory of the same process. */
export const createUploadFeed = (): UploadFeed => {
  const keys = new Set<string>()
  let wake = (): void => {}
  return {
    add(key) {
      keys.add(key)
      wake()
    },
    takeAll() {
      const all = [...keys]
      keys.clear()
      return all
    },
    async next(signal) {
      for (;;) {
        signal.throwIfAborted()
        for (const key of keys) {
          keys.delete(key)
          return key
        }
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = () => resolve()
        signal.addEventListener('abort', wake, { once: true })
        await promise
        signal.removeEventListener('abort', wake)
      }
    },
  }
}
