/**
 * The same items, but a wait for the next one also ends when `stop` rejects, with its reason. An async
 * generator alone cannot be left while it computes: its `return` queues behind the item under way.
 */
export const stoppable = <T>(
  items: AsyncIterable<T> | Iterable<T>,
  stop: Promise<never>,
): AsyncIterableIterator<T> => {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  let stopped: { readonly reason: unknown } | undefined
  let endWait: (reason: unknown) => void = () => {}
  // Listened to once: a race of each item against `stop` would keep every item for as long as `stop` is pending.
  stop.catch((reason: unknown) => {
    stopped = { reason }
    endWait(reason)
  })
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      if (stopped !== undefined) throw stopped.reason
      return new Promise((resolve, reject) => {
        endWait = reject
        Promise.resolve(iterator.next()).then(resolve, reject)
      })
    },
    async return() {
      // Not awaited: the source of the items ends in its own time.
      Promise.resolve(iterator.return?.()).catch(() => {})
      return { done: true, value: undefined }
    },
  }
}
