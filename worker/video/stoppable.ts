/**
 * The same items, but a wait for the next one also ends when `stop` rejects, with its reason. An async
 * generator alone cannot be left while it computes: its `return` queues behind the item under way.
 */
export const stoppable = <T>(
  items: AsyncIterable<T> | Iterable<T>,
  stop: Promise<never>,
): AsyncIterableIterator<T> => {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => Promise.race([iterator.next(), stop]),
    async return() {
      // Not awaited: whoever makes the items ends in its own time.
      Promise.resolve(iterator.return?.()).catch(() => {})
      return { done: true, value: undefined }
    },
  }
}
