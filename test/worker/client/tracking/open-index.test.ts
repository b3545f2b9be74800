import { expect, test } from 'vitest'
import { noteChanged } from '../../../../shared/job-index/write-entries.ts'
import { type IndexedJob, openIndex } from '../../../../worker/client/tracking/open-index.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { anIndex, jobIdOf } from '../../../shared/job-index/an-index.ts'

const countedIndex = () => {
  const operations: string[] = []
  const index = anIndex({ before: (operation) => void operations.push(operation) })
  const open = () => {
    operations.length = 0
    return openIndex(index.store, unaborted)
  }
  const change = (number: number) => noteChanged(index.store, jobIdOf(number), index.now(), unaborted)
  return { ...index, operations, open, change }
}

const shown = ({ jobId, kind }: IndexedJob) => `${Number.parseInt(jobId, 16)} ${kind}`
const all = async (jobs: AsyncIterable<IndexedJob>) => (await Array.fromAsync(jobs)).map(shown)

test('jobs of several kinds are returned newest first, each once by its newest entry', async () => {
  const { queueEach, queueTogether, end, change, pass, open } = countedIndex()
  await queueEach(1, 2)
  pass(1)
  await queueTogether([3, 4])
  pass(1)
  await change(1)
  pass(1)
  await end(3)
  expect(await all(open().newestJobs(['queued', 'changed', 'succeeded']))).toEqual([
    ...['3 succeeded', '1 changed', '4 queued', '2 queued'],
  ])
  expect(await all(open().newestJobs(['queued']))).toEqual(['3 queued', '4 queued', '2 queued', '1 queued'])
  expect(await all(open().newestJobs(['failed']))).toEqual([])
})

test('an end is returned before other entries of the same moment', async () => {
  const { queueTogether, change, end, open } = countedIndex()
  await queueTogether([1, 2])
  await change(1)
  await end(1)
  expect(await all(open().newestJobs(['queued', 'changed', 'succeeded']))).toEqual([
    '1 succeeded',
    '2 queued',
  ])
})

test('each part of the index is listed once, and only as far as it is read', async () => {
  const { queueEach, queueTogether, pass, operations, open } = countedIndex()
  await queueEach(1, 3)
  pass(1)
  await queueTogether([11, 12])
  const index = open()
  expect(index.requests()).toBe(0)
  const first = index.entries('queued')
  expect((await first.next()).value).toMatchObject({ jobs: 2, jobId: null })
  expect(await Array.fromAsync(index.entries('queued'), ({ jobs }) => jobs)).toEqual([2, 1, 1, 1])
  expect(await Array.fromAsync(first, ({ jobs }) => jobs)).toEqual([1, 1, 1])
  expect(operations).toEqual(['list'])
  expect(index.requests()).toBe(1)
})

test('requests count one list for each thousand entries and one read for each entry of several jobs', async () => {
  const { queueEach, queueTogether, pass, open } = countedIndex()
  await queueEach(1, 1_000)
  pass(1)
  await queueTogether([5_001, 5_002])
  const index = open()
  expect(await all(index.newestJobs(['queued']))).toHaveLength(1_002)
  expect(index.requests()).toBe(3)
})
