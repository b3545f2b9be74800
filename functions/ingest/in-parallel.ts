/**
 * Results in the order of `items`, at most `limit` of them being worked on. After a failure no other is begun; it is
 * thrown once those under way have ended, so that nothing goes on behind the caller's back.
 */
export const inParallel = async <T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> => {
  const results: R[] = []
  const waiting = items.entries()
  let failed = false
  const workThrough = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      if (failed) return
      try {
        results[index] = await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: limit }, workThrough))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
  return results
}

/** Pieces of at most `size`. */
export const piecesOf = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
