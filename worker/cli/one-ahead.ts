async function* oneByOne<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  for await (const item of items) yield await work(item)
}

/**
 * The results of `work` on each item, in order and one at a time, always one ahead of whoever takes them: while a
 * result is in use, the next is being made. One `oneAhead` on another is an assembly line with one item at each place.
 */
export async function* oneAhead<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const results = oneByOne(items, work)
  let next = results.next()
  try {
    while (true) {
      const { done, value } = await next
      if (done) return
      next = results.next()
      // Should it fail, that is told when it is asked for.
      next.catch(() => {})
      yield value
    }
  } finally {
    await results.return(undefined)
  }
}
