import { describe, expect, test } from 'vitest'
import { countIfSampled } from '../../../shared/job-index/count-entries.ts'
import { readCounts, writeCounts } from '../../../shared/job-index/index-counts-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { anIndex, jobIdOf } from './an-index.ts'

describe('a count of the index', () => {
  test('leaves out the last 20 minutes and fewer than a thousand entries', async () => {
    const { pass, queueEach, count, counted } = anIndex()
    await queueEach(0, 999)
    pass(30)
    await count()
    expect(await counted('queued')).toEqual([])
    await queueEach(999, 1)
    await count()
    expect(await counted('queued')).toEqual([])
    pass(30)
    await count()
    expect(await counted('queued')).toEqual([1_000])
  })

  test('continues after the last counted range', async () => {
    const { pass, queueEach, count, counted } = anIndex()
    for (const first of [0, 2_000, 4_000]) {
      await queueEach(first, 1_000 + first / 1_000)
      pass(30)
      await count()
    }
    expect(await counted('queued')).toEqual([1_004, 1_002, 1_000])
  })

  test('counts each job of an entry of several jobs, and a job with two entries once', async () => {
    const { pass, queueEach, queueTogether, count, counted } = anIndex()
    await queueEach(0, 999)
    await queueTogether([998, 999, 1_000])
    pass(30)
    await count()
    expect(await counted('queued')).toEqual([1_001])
  })

  test('counts a job with its first entry if its second entry is in a later range', async () => {
    const { pass, queueEach, queueTogether, count, counted } = anIndex()
    await queueEach(0, 1_000)
    pass(30)
    await count()
    await queueTogether([998, 999, 1_000])
    await queueEach(1_001, 999)
    pass(30)
    await count()
    expect(await counted('queued')).toEqual([1_000, 1_000])
  })

  test('counts at most 5,000 entries, and the others the next time', async () => {
    const { pass, queueEach, count, counted } = anIndex()
    await queueEach(0, 7_000)
    pass(30)
    await count()
    expect(await counted('queued')).toEqual([5_000])
    await count()
    expect(await counted('queued')).toEqual([5_000, 2_000])
  })

  test('changes nothing when another process wrote an entry meanwhile, and is right the next time', async () => {
    let meanwhile: (() => Promise<unknown>) | null = null
    const index = anIndex({
      async after(operation) {
        if (operation !== 'list' || meanwhile === null) return
        const write = meanwhile
        meanwhile = null
        await write()
      },
    })
    await index.queueEach(0, 1_000)
    index.pass(30)
    meanwhile = () => index.end(5, new Date(index.now().getTime() - 25 * 60_000))
    expect(await index.count()).toBe(false)
    expect(await index.counted('queued')).toEqual([])
    expect(await index.count()).toBe(true)
    expect(await index.counted('queued')).toEqual([1_000])
  })

  test('is made for one job of 256', async () => {
    const { store, pass, queueEach, counted, now } = anIndex()
    await queueEach(0, 1_000)
    pass(30)
    await countIfSampled(store, ['01'.padEnd(32, '0'), 'f0'.padEnd(32, '0')], now(), unaborted)
    expect(await counted('queued')).toEqual([])
    await countIfSampled(store, ['f0'.padEnd(32, '0'), '00'.padEnd(32, 'f')], now(), unaborted)
    expect(await counted('queued')).toEqual([1_000])
  })

  test('does not fail a job when the store fails', async () => {
    const { store, now } = anIndex({
      before: () => {
        throw new Error('the store is away')
      },
    })
    await countIfSampled(store, [jobIdOf(0)], now(), unaborted)
  })
})

describe('a late index entry', () => {
  test('is counted with its range', async () => {
    const { pass, end, count, counted, now } = anIndex()
    const [first, second] = [now(), new Date(now().getTime() + 1)]
    for (let number = 1; number <= 1_000; number++) await end(number, first)
    pass(30)
    await count()
    await end(1_001, second)
    expect(await counted('succeeded')).toEqual([])
    await count()
    expect(await counted('succeeded')).toEqual([1_001])
  })

  test('that already exists leaves its counted range unchanged', async () => {
    const { pass, end, count, counted, now } = anIndex()
    const first = now()
    for (let number = 1; number <= 1_000; number++) await end(number, first)
    pass(30)
    await count()
    await end(7, first)
    expect(await counted('succeeded')).toEqual([1_000])
  })

  test('is counted although its writer ended before it invalidated the range', async () => {
    let counting: (() => Promise<unknown>) | null = null
    const index = anIndex({
      async after(operation, key) {
        if (operation !== 'create' || counting === null || !key.includes('/succeeded/')) return
        await counting()
        throw new Error('the process ends')
      },
    })
    const first = index.now()
    for (let number = 1; number <= 1_000; number++) await index.end(number, first)
    index.pass(30)
    // A count that listed before the entry was created, and that writes afterwards.
    const range = { since: null, until: first.toISOString(), jobs: 1_000 }
    counting = async () => {
      const until = new Date(first.getTime() + 1).toISOString()
      const before = await readCounts(index.store, unaborted)
      const succeeded = [{ ...range, until, counted_at: index.now().toISOString() }]
      await writeCounts(index.store, before, { ...before.counts.counted, succeeded }, unaborted)
    }
    await index.end(1_001, first).catch(() => {})
    counting = null
    expect(await index.counted('succeeded')).toEqual([1_000])
    index.pass(10)
    await index.end(1_001, first)
    expect(await index.counted('succeeded')).toEqual([])
    await index.count()
    expect(await index.counted('succeeded')).toEqual([1_001])
    index.pass(60)
    await index.end(1_001, first)
    expect(await index.counted('succeeded')).toEqual([1_001])
  })

  test('is no longer counted once it is deleted', async () => {
    const { pass, end, forget, count, counted, now } = anIndex()
    const first = now()
    for (let number = 1; number <= 1_001; number++) await end(number, first, 'failed')
    pass(30)
    await count()
    await forget(7, first, 'failed')
    await count()
    expect(await counted('failed')).toEqual([1_000])
  })
})
