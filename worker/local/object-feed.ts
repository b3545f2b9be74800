/** Record of a feed's keys that outlives its process. */
export interface FeedRecord {
  /** Keys that an earlier process noted and did not settle, in the order of writing. */
  readonly left: readonly { readonly key: string; readonly place: number }[]
  /** Keeps a key before its object is written. A later place takes that of an earlier one. */
  note(key: string, place: number): void
  /** Forgets a key, unless it was noted at a later place. */
  settle(key: string, place: number): void
}

/** Keys that were written and have not been taken yet, in the order of writing, each once. */
export interface ObjectFeed {
  /**
   * Notes a key that is about to be written, so that a process which is killed after the write finds it at its next
   * start. Returns the place of the write, for `add`.
   */
  note(key: string): number
  /** A key that waits already keeps its position. Without a place, the key is one that was taken and comes again. */
  add(key: string, place?: number): void
  /** Waits for a key, and takes it. Rejects with the reason of `signal` when that aborts first. */
  next(signal: AbortSignal): Promise<string>
  /** Takes all keys that wait. */
  takeAll(): readonly string[]
  /** Forgets a key that was taken, because everything was done for it. A key that was not settled comes after a restart. */
  settle(key: string): void
}

/** A feed for one reader. It is unbounded. Without a record its keys are gone with the process. */
export const createObjectFeed = (record: FeedRecord | null = null): ObjectFeed => {
  const waiting = new Map<string, number>()
  const taken = new Map<string, number>()
  let last = 0
  for (const { key, place } of record?.left ?? []) {
    waiting.set(key, place)
    last = Math.max(last, place)
  }
  let wake = (): void => {}
  const take = (key: string, place: number): void => {
    waiting.delete(key)
    if (record !== null) taken.set(key, Math.max(place, taken.get(key) ?? 0))
  }
  return {
    note(key) {
      last += 1
      record?.note(key, last)
      return last
    },
    add(key, place = taken.get(key) ?? 0) {
      waiting.set(key, Math.max(place, waiting.get(key) ?? 0))
      wake()
    },
    takeAll() {
      const all = [...waiting]
      for (const [key, place] of all) take(key, place)
      return all.map(([key]) => key)
    },
    settle(key) {
      const place = taken.get(key)
      if (place === undefined) return
      record?.settle(key, place)
      taken.delete(key)
    },
    async next(signal) {
      for (;;) {
        signal.throwIfAborted()
        for (const [key, place] of waiting) {
          take(key, place)
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
