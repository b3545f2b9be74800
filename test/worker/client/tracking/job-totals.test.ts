import { expect, test } from 'vitest'
import { readJobTotals } from '../../../../worker/client/tracking/job-totals.ts'
import { openIndex } from '../../../../worker/client/tracking/open-index.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { anIndex } from '../../../shared/job-index/an-index.ts'

type Index = ReturnType<typeof anIndex>

const totalsOf = ({ store }: Index) => readJobTotals(store, openIndex(store, unaborted), unaborted)

test('jobs are counted by kind, and jobs without an end count as not done', async () => {
  const index = anIndex()
  await index.queueEach(1, 5)
  await index.queueTogether([11, 12, 13])
  await index.end(1)
  await index.end(2)
  await index.end(3, index.now(), 'failed')
  await index.end(11, index.now(), 'cancelled')
  expect(await totalsOf(index)).toEqual({ jobs: 8, notDone: 4, succeeded: 2, failed: 1, cancelled: 1 })
})

test('jobs with two entries count once, alone or together with others', async () => {
  const index = anIndex()
  for (const _ of ['a run of ingest that ended midway', 'the next run']) {
    await index.queueEach(1, 1)
    await index.queueTogether([11, 12, 13])
  }
  expect(await totalsOf(index)).toMatchObject({ jobs: 4, notDone: 4 })
})

test('jobs whose message another program sent count by their ends', async () => {
  const index = anIndex()
  await index.queueEach(1, 1)
  for (const job of [11, 12, 13]) await index.end(job)
  expect(await totalsOf(index)).toMatchObject({ jobs: 3, notDone: 0, succeeded: 3 })
})

test('counted entries are not listed again, and newer entries are added', async () => {
  const index = anIndex()
  await index.queueEach(1, 1_000)
  const [oldest = ''] = index.store.keys().toReversed()
  index.pass(60)
  await index.count()
  expect(await index.counted('queued')).toEqual([1_000])
  await index.store.delete(oldest, unaborted)
  await index.queueEach(2_001, 7)
  for (const job of [1, 2_001]) await index.end(job)
  expect(await totalsOf(index)).toEqual({
    jobs: 1_007,
    notDone: 1_005,
    succeeded: 2,
    failed: 0,
    cancelled: 0,
  })
})

test('entries between two counted ranges are listed', async () => {
  const index = anIndex()
  const times: Date[] = []
  for (const first of [1, 1_001, 2_001]) {
    await index.queueEach(first, 1_000)
    times.push(index.now())
    for (let job = first; job < first + 1_000; job += 1) await index.end(job)
    index.pass(60)
    await index.count()
  }
  expect(await index.counted('succeeded')).toEqual([1_000, 1_000, 1_000])
  // An end that is entered late uncounts its range.
  await index.end(5_000, times[1])
  expect(await index.counted('succeeded')).toEqual([1_000, 1_000])
  expect(await totalsOf(index)).toEqual({
    jobs: 3_001,
    notDone: 0,
    succeeded: 3_001,
    failed: 0,
    cancelled: 0,
  })
})
