import { describe, expect, test } from 'vitest'
import { createObjectFeed } from '../../../worker/local/object-feed.ts'

const never = new AbortController().signal

test('the feed returns each key once, in the order of writing', async () => {
  const feed = createObjectFeed()
  for (const key of ['b', 'a', 'b']) feed.add(key)
  expect([await feed.next(never), await feed.next(never)]).toEqual(['b', 'a'])
  const third = feed.next(never)
  feed.add('c')
  expect(await third).toBe('c')
})

test('the feed returns a key again that was written after it was taken', async () => {
  const feed = createObjectFeed()
  feed.add('a')
  await feed.next(never)
  feed.add('a')
  expect(await feed.next(never)).toBe('a')
})

test('the feed ends a wait with the reason of its signal and loses no key', async () => {
  const feed = createObjectFeed()
  const stop = new AbortController()
  const waiting = feed.next(stop.signal)
  stop.abort(new Error('the end'))
  await expect(waiting).rejects.toThrow('the end')
  feed.add('a')
  expect(await feed.next(never)).toBe('a')
})

describe('a recorded feed', () => {
  /** Returns a function that opens another feed on the same records at each call. */
  const aDisk = () => {
    const rows = new Map<string, number>()
    return () =>
      createObjectFeed({
        left: [...rows].map(([key, place]) => ({ key, place })).toSorted((a, b) => a.place - b.place),
        note: (key, place) => void rows.set(key, place),
        settle(key, place) {
          if ((rows.get(key) ?? 0) <= place) rows.delete(key)
        },
      })
  }

  test('returns unsettled keys again after a restart, in the order of writing', async () => {
    const start = aDisk()
    const first = start()
    for (const key of ['b', 'a', 'c']) first.add(key, first.note(key))
    await first.next(never)
    first.settle(await first.next(never))
    expect(start().takeAll()).toEqual(['b', 'c'])
  })

  test('returns a key whose write was not answered before a kill', () => {
    const start = aDisk()
    start().note('a')
    expect(start().takeAll()).toEqual(['a'])
  })

  test('keeps a key that is written again while its earlier write is handled', async () => {
    const start = aDisk()
    const first = start()
    const [before, after] = [first.note('a'), first.note('a')]
    first.add('a', before)
    first.settle(await first.next(never))
    expect(start().takeAll()).toEqual(['a'])
    first.add('a', after)
    first.settle(await first.next(never))
    expect(start().takeAll()).toEqual([])
  })

  test('settles a key that was added again, and a key of an earlier process', async () => {
    const start = aDisk()
    start().note('a')
    const second = start()
    second.note('b')
    second.add(await second.next(never))
    second.settle(await second.next(never))
    expect(start().takeAll()).toEqual(['b'])
  })

  test('continues the sequence numbers of an earlier process', async () => {
    const start = aDisk()
    const first = start()
    for (const key of ['a', 'b']) first.note(key)
    start().note('c')
    expect(start().takeAll()).toEqual(['a', 'b', 'c'])
  })
})
