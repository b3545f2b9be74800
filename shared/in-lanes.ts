import pMap from 'p-map'

/**
 * Calls `work` for each item, at most `lanes` at once; results in the items' order. After an error nothing new begins;
 * it is thrown when what had begun has ended.
 */
export const inLanes = async <Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  lanes: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> => {
  // p-map throws an error at once, while other items are still at work.
  const atWork = new Set<Promise<Result>>()
  const tracked = async (item: Item): Promise<Result> => {
    const result = work(item)
    atWork.add(result)
    try {
      return await result
    } finally {
      atWork.delete(result)
    }
  }
  try {
    return await pMap(items, tracked, { concurrency: lanes })
  } finally {
    await Promise.allSettled(atWork)
  }
}
