async function* oneByOne<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  for await (const item of items) yield await work(item)
}

/**
 * Results of `work` on each item, in order and one at a time, always one ahead of the consumer: while a result is in
 * use, the next is being made. One `oneAhead` on another is a pipeline with one item at each stage.
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
      // If it fails, the error is thrown when the result is taken.
      next.catch(() => {})
      yield value
    }
  } finally {
    await results.return(undefined)
  }
}
