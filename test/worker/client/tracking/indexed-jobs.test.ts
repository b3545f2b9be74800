import { describe, expect, test } from 'vitest'
import { resultKey, statusKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { JobState } from '../../../../shared/contracts/status-record.ts'
import { countEntries } from '../../../../shared/job-index/count-entries.ts'
import { noteChanged, noteEnded, noteQueued } from '../../../../shared/job-index/write-entries.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import { openPage, pageOfState, pageSince } from '../../../../worker/client/tracking/indexed-jobs.ts'
import { readJobTotals } from '../../../../worker/client/tracking/job-totals.ts'
import { openIndex } from '../../../../worker/client/tracking/open-index.ts'
import { aResult, aStatus } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const START_MS = Date.UTC(2026, 10, 30, 8)
const JSON_TYPE = { contentType: 'application/json' }
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const idOf = (number: number): string => number.toString(16).padStart(32, '0')

/** A bucket whose jobs a test makes, a second after one another, and the requests that a page costs. */
const aBucket = () => {
  let nowMs = START_MS
  let requests = 0
  const count = (more: number): void => {
    requests += more
  }
  const memory = openMemoryObjectStore({
    now: () => nowMs,
    faults: { before: (operation) => count(operation === 'list' ? 0 : 1) },
  })
  /** S3 lists a thousand keys with a request. */
  const store: ObjectStore = {
    ...memory,
    async *list(prefix, signal, after) {
      let listed = 0
      for await (const key of memory.list(prefix, signal, after)) {
        if (listed % 1_000 === 0) count(1)
        listed += 1
        yield key
      }
    },
  }
  const next = (): Date => {
    nowMs += 1_000
    return new Date(nowMs)
  }
  const bucket = {
    /** Indexes a job as ingest does before it writes the status. */
    enter: (number: number) => noteQueued(memory, [idOf(number)], next(), unaborted),
    async queue(number: number) {
      await bucket.enter(number)
      await memory.put(
        statusKey(idOf(number)),
        encode(aStatus({ jobId: idOf(number) })),
        JSON_TYPE,
        unaborted,
      )
    },
    async begin(number: number, state: JobState = 'rendering') {
      await noteChanged(memory, idOf(number), next(), unaborted)
      const status = aStatus({ jobId: idOf(number), state, attempt: 1 })
      await memory.put(statusKey(idOf(number)), encode(status), JSON_TYPE, unaborted)
    },
    async end(number: number) {
      const finished_at = next().toISOString()
      const record = { ...aResult({ jobId: idOf(number) }), finished_at }
      await noteEnded(memory, record, new Date(nowMs), unaborted)
      await memory.put(resultKey(idOf(number)), encode(record), JSON_TYPE, unaborted)
    },
    /** Indexes a change after the end of its job, like a worker whose clock was ahead. */
    enterAfterItsEnd: (number: number) => noteChanged(memory, idOf(number), next(), unaborted),
    async page(kind: 'open' | JobState, limit = 20) {
      requests = 0
      const index = openIndex(store, unaborted)
      const totals = await readJobTotals(store, index, unaborted)
      const { jobIds, left } =
        kind === 'open'
          ? await openPage(store, index, { limit, totals }, unaborted)
          : await pageOfState(store, index, { state: kind, limit, totals }, unaborted)
      return { jobs: jobIds.map((jobId) => Number.parseInt(jobId, 16)), left, requests }
    },
    async since(minutes: number, limit = 20) {
      requests = 0
      const index = openIndex(store, unaborted)
      const page = await pageSince(index, new Date(nowMs - minutes * 60_000), limit)
      return { jobs: page.jobIds.length, left: page.left, requests }
    },
    async endMany(first: number, count: number) {
      for (let number = first; number < first + count; number++) {
        await bucket.queue(number)
        await bucket.begin(number)
        await bucket.end(number)
        if (number % 1_000 === 0) await countEntries(memory, new Date(nowMs), unaborted)
      }
    },
  }
  return bucket
}

describe('open jobs', () => {
  test('are found although jobs whose message another program sent have ended', async () => {
    const bucket = aBucket()
    for (const number of [1, 2]) await bucket.queue(number)
    for (const number of [11, 12, 13]) await bucket.end(number)
    expect(await bucket.page('open')).toMatchObject({ jobs: [2, 1], left: 0 })
  })

  test('exclude a job that was indexed as changed after its end', async () => {
    const bucket = aBucket()
    for (const number of [1, 2]) await bucket.queue(number)
    await bucket.end(2)
    await bucket.enterAfterItsEnd(2)
    expect(await bucket.page('open')).toMatchObject({ jobs: [1], left: 0 })
  })

  test('include a job that has no record yet', async () => {
    const bucket = aBucket()
    await bucket.enter(1)
    expect(await bucket.page('open')).toMatchObject({ jobs: [1], left: 0 })
  })

  test('are limited in number, and further open jobs are counted', async () => {
    const bucket = aBucket()
    for (const number of [1, 2, 3]) await bucket.queue(number)
    expect(await bucket.page('open', 2)).toMatchObject({ jobs: [3, 2], left: 1 })
    expect(await bucket.page('open', 3)).toMatchObject({ jobs: [3, 2, 1], left: 0 })
  })
})

describe('among ten thousand ended jobs', () => {
  const bucket = aBucket()
  const made = (async () => {
    for (const number of [1, 2]) await bucket.queue(number)
    await bucket.endMany(1_000, 10_000)
    for (const number of [3, 4, 5]) await bucket.queue(number)
    for (const number of [4, 5]) await bucket.begin(number)
  })()

  test.each([
    ['open', [5, 4, 3], null],
    ['queued', [3], null],
    ['rendering', [5, 4], null],
    ['publishing', [], null],
  ] as const)('a page of %s jobs costs at most 60 requests', async (kind, jobs, left) => {
    await made
    const page = await bucket.page(kind)
    // Open jobs that are older than thousands of ended jobs are not searched for.
    expect(page).toMatchObject({ jobs, left })
    expect(page.requests).toBeLessThanOrEqual(60)
  })

  test('a page of the last month costs at most 10 requests', async () => {
    await made
    const { requests, ...page } = await bucket.since(30 * 24 * 60)
    expect(page).toEqual({ jobs: 20, left: null })
    expect(requests).toBeLessThanOrEqual(10)
  })
})
