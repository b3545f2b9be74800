import { describe, expect, test } from 'vitest'
import { reportKey, resultKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../../../shared/contracts/ingest-report.ts'
import type { ResultRecord } from '../../../../shared/contracts/result-record.ts'
import { noteEnded } from '../../../../shared/job-index/write-entries.ts'
import { listBatches } from '../../../../worker/client/batches/list-batches.ts'
import { type Batch, readBatches } from '../../../../worker/client/batches/read-batches.ts'
import { aFailure, aResult } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { countRequests } from '../../../fixtures/request-count.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { aRejectedReport } from '../tracking/a-report.ts'

const START_MS = Date.UTC(2026, 10, 30, 8)
const MINUTE_MS = 60_000
const JSON_TYPE = { contentType: 'application/json' }
const MOST_READ = { reports: 1_000, results: 100 }
const idOf = (number: number): string => (number * 7919).toString(16).padStart(8, '0').padEnd(32, '0')

const job = (number: number, changes: object = {}): IngestReport['jobs'][number] => ({
  ...{ job_id: idOf(number), item: number, item_id: null, image: `images/${number}.png`, videos: [] },
  ...{ done_before: false, ...changes },
})

/** A bucket under a clock that a test moves. */
const aBucket = () => {
  let nowMs = START_MS
  const store = openMemoryObjectStore({ bucket: 'out', now: () => nowMs })
  const now = (): Date => new Date(nowMs)
  const put = (key: string, record: unknown) =>
    store.put(key, new TextEncoder().encode(JSON.stringify(record)), JSON_TYPE, unaborted)
  return {
    store,
    now,
    pass: (minutes: number) => {
      nowMs += minutes * MINUTE_MS
    },
    report: (key: string, changes: Partial<IngestReport>) =>
      put(
        reportKey(key),
        aRejectedReport(key, {
          ...{ state: 'accepted', faults: [], reported_at: now().toISOString() },
          ...changes,
        }),
      ),
    async end(record: ResultRecord) {
      await put(resultKey(record.job_id), record)
      await noteEnded(store, record, now(), unaborted)
    },
    async read(mostRead = MOST_READ): Promise<readonly Batch[]> {
      const listed = await listBatches(store, unaborted)
      return await readBatches(store, listed, { mostRead, now: now() }, unaborted)
    },
  }
}

const succeeded = (number: number, finished: Date, cost: number | null = 0.02) =>
  aResult({ jobId: idOf(number), finished_at: finished.toISOString(), cost_usd: cost })

const summary = ({ key, items, jobs, ...batch }: Batch) => ({
  ...{ key, items, jobs, succeeded: batch.succeeded, failed: batch.failed, cancelled: batch.cancelled },
  ...{ left: batch.left, rejected: batch.rejectedItems, cost: batch.cost, secondsLeft: batch.secondsLeft },
})

describe('batches', () => {
  test('are manifests and folders of images, with the newest report first', async () => {
    const bucket = aBucket()
    for (const key of [
      'manifests/b/m.json',
      'images/x/1.png',
      'manifests/a/m.json',
      'images/x/2/1.png',
      'images/y.png',
    ]) {
      await bucket.report(key, {})
      bucket.pass(1)
    }
    expect((await bucket.read()).map(({ key, uploads }) => [key, uploads])).toEqual([
      ['images/', ['images/y.png']],
      ['images/x/', ['images/x/2/1.png', 'images/x/1.png']],
      ['manifests/a/m.json', ['manifests/a/m.json']],
      ['manifests/b/m.json', ['manifests/b/m.json']],
    ])
  })

  test('count their ended jobs, their open jobs and their rejected items', async () => {
    const bucket = aBucket()
    const fault = { item: 7, line: 7, item_id: null, field: 'items[7].image', message: 'is not there' }
    await bucket.report('manifests/m.json', {
      state: 'partly',
      jobs: [1, 2, 3, 4, 5, 6].map((number) => job(number)),
      faults: [fault, { ...fault, field: 'items[7].fps' }],
    })
    bucket.pass(10)
    await bucket.end(succeeded(1, bucket.now()))
    bucket.pass(1)
    await bucket.end(succeeded(2, bucket.now(), 0.03))
    bucket.pass(1)
    await bucket.end(
      aFailure({}, { jobId: idOf(3), finished_at: bucket.now().toISOString(), cost_usd: 0.01 }),
    )
    const cancelled = { jobId: idOf(4), finished_at: bucket.now().toISOString(), cost_usd: 0 }
    await bucket.end(aResult({ ...cancelled, state: 'cancelled' }))
    const [batch] = await bucket.read()
    expect(batch && summary(batch)).toEqual({
      ...{ key: 'manifests/m.json', items: 7, jobs: 6, succeeded: 2, failed: 1, cancelled: 1 },
      ...{ left: 2, rejected: 1, cost: { usd: expect.closeTo(0.06), isEstimated: false } },
      // Four ends within two minutes.
      secondsLeft: 80,
    })
    expect(batch?.endedAt).toBeNull()
  })

  test('exclude the cost of jobs that had ended before the batch', async () => {
    const bucket = aBucket()
    await bucket.end(succeeded(1, bucket.now()))
    bucket.pass(600)
    await bucket.report('manifests/m.json', { jobs: [job(1, { done_before: true })] })
    const [batch] = await bucket.read()
    expect(batch).toMatchObject({ jobs: 1, succeeded: 1, left: 0, endedBefore: 1, cost: null })
    expect(batch?.endedAt).toEqual(new Date(START_MS))
  })

  test('count a job once that several images of a folder order', async () => {
    const bucket = aBucket()
    await bucket.report('images/x/1.png', { jobs: [job(1, { item: null })] })
    await bucket.report('images/x/2.png', { jobs: [job(1, { item: null })] })
    await bucket.report('images/x/3.png', {
      state: 'rejected',
      faults: [{ item: null, line: null, item_id: null, field: 'image', message: 'is no image' }],
    })
    expect((await bucket.read()).map(summary)).toMatchObject([{ items: 3, jobs: 1, left: 1, rejected: 1 }])
  })

  test('are marked as rejected when ingest rejected all of their items', async () => {
    const bucket = aBucket()
    await bucket.report('manifests/m.json', {
      state: 'rejected',
      faults: [{ item: null, line: null, item_id: null, field: 'items', message: 'is no list' }],
    })
    expect(await bucket.read()).toMatchObject([{ isRejected: true, jobs: 0, left: 0, secondsLeft: 0 }])
  })

  test('count only the newest images of a folder with more images than are read', async () => {
    const bucket = aBucket()
    for (let number = 1; number <= 5; number++) {
      await bucket.report(`images/x/${number}.png`, { jobs: [job(number, { item: null })] })
      bucket.pass(1)
    }
    const [batch] = await bucket.read({ reports: 2, results: 100 })
    expect(batch).toMatchObject({ uploadsRead: 2, jobs: 2 })
    expect(batch?.uploads).toHaveLength(5)
  })
})

describe('a manifest of ten thousand jobs', () => {
  /** Nine thousand jobs have ended, and one in ten of them has failed. */
  const aLargeBucket = async () => {
    const bucket = aBucket()
    const jobs = Array.from({ length: 10_000 }, (_, index) => job(index + 1))
    await bucket.report('manifests/large.json', { jobs })
    for (let number = 1; number <= 9_000; number++) {
      bucket.pass(0.1)
      const finished = bucket.now()
      const jobId = idOf(number)
      const overrides = { jobId, finished_at: finished.toISOString(), cost_usd: 0.02 }
      await bucket.end(number % 10 === 0 ? aFailure({}, overrides) : aResult(overrides))
    }
    const { store, requests } = countRequests(bucket.store)
    const read = async (results: number): Promise<readonly Batch[]> =>
      await readBatches(
        store,
        await listBatches(store, unaborted),
        { mostRead: { reports: 1_000, results }, now: bucket.now() },
        unaborted,
      )
    return { read, requests }
  }

  test('costs one request for each thousand ends and a hundred requests for its cost', async () => {
    const { read, requests } = await aLargeBucket()
    expect((await read(100)).map(summary)).toEqual([
      {
        ...{ key: 'manifests/large.json', items: 10_000, jobs: 10_000, succeeded: 8_100, failed: 900 },
        ...{ cancelled: 0, left: 1_000, rejected: 0, cost: { usd: expect.closeTo(180), isEstimated: true } },
        secondsLeft: 6_000,
      },
    ])
    // Two lists of reports, the report, lists of 8,100, of 900 and of no ends, 100 results.
    expect(requests()).toBe(2 + 1 + (9 + 1 + 1) + 100)
  })
})
