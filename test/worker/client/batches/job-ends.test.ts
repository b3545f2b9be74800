import { describe, expect, test } from 'vitest'
import { resultKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { ResultRecord } from '../../../../shared/contracts/result-record.ts'
import { noteEnded } from '../../../../shared/job-index/write-entries.ts'
import { type AskedEnds, findJobEnds, lastTime } from '../../../../worker/client/batches/job-ends.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aFailure, aResult } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { countRequests } from '../../../fixtures/request-count.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const REPORTED = new Date('2026-11-30T08:00:00.000Z')
const at = (minutes: number): Date => new Date(REPORTED.getTime() + minutes * 60_000)
const [A, B, C] = ['aa', 'bb', 'cc'].map(jobIdLike) as [string, string, string]

const succeeded = (jobId: string, end: Date): ResultRecord =>
  aResult({ jobId, finished_at: end.toISOString() })
const failed = (jobId: string, end: Date): ResultRecord =>
  aFailure({}, { jobId, finished_at: end.toISOString() })

/** Finds the ends in a bucket to which these results were written in this order. */
const endsOf = async (records: readonly ResultRecord[], asked: Partial<AskedEnds>) => {
  let now = 0
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => now })
  for (const record of records) {
    now = Date.parse(record.finished_at)
    const bytes = new TextEncoder().encode(JSON.stringify(record))
    await outputs.put(resultKey(record.job_id), bytes, { contentType: 'application/json' }, unaborted)
    await noteEnded(outputs, record, new Date(record.finished_at), unaborted)
  }
  const { store, requests } = countRequests(outputs)
  const all = { open: new Set<string>(), openSince: REPORTED, endedBefore: new Set<string>(), ...asked }
  const ends = await findJobEnds(store, all, unaborted)
  return { ends: Object.fromEntries(ends), requests: requests() }
}

describe('the ends of jobs', () => {
  test('are the states and times of the requested jobs that have ended', async () => {
    const records = [succeeded(A, at(1)), failed(B, at(2)), succeeded(jobIdLike('dd'), at(3))]
    expect((await endsOf(records, { open: new Set([A, B, C]) })).ends).toEqual({
      [A]: { kind: 'succeeded', time: at(1) },
      [B]: { kind: 'failed', time: at(2) },
    })
  })

  test('include only the newest end of a job that ended twice', async () => {
    const asked = { open: new Set([A, B]) }
    const records = [failed(A, at(1)), succeeded(A, at(5)), succeeded(B, at(2)), failed(B, at(6))]
    expect((await endsOf(records, asked)).ends).toEqual({
      [A]: { kind: 'succeeded', time: at(5) },
      [B]: { kind: 'failed', time: at(6) },
    })
  })

  test('include a job that ended while ingest still worked on its upload', async () => {
    expect((await endsOf([succeeded(A, at(-14))], { open: new Set([A]) })).ends).toEqual({
      [A]: { kind: 'succeeded', time: at(-14) },
    })
  })

  test('from long before the report are read from the result of each job', async () => {
    const records = [succeeded(A, at(-10_000)), failed(B, at(-9_000))]
    const { ends, requests } = await endsOf(records, { endedBefore: new Set([A, B, C]) })
    expect(ends).toEqual({
      [A]: { kind: 'succeeded', time: at(-10_000) },
      [B]: { kind: 'failed', time: at(-9_000) },
    })
    // A list for each state, and a read for each job.
    expect(requests).toBe(3 + 3)
  })

  test('from long before the report are listed when they are many', async () => {
    const before = Array.from({ length: 201 }, (_, index) => jobIdLike((index + 16).toString(16)))
    const records = before.map((jobId, index) => succeeded(jobId, at(index - 10_000)))
    const { ends, requests } = await endsOf(records, { endedBefore: new Set(before) })
    expect(Object.keys(ends).toSorted()).toEqual(before)
    expect(requests).toBe(3)
  })
})

describe('lastTime', () => {
  test('returns the newest end in a batch of any size', () => {
    const ends = Array.from({ length: 200_000 }, (_, index) => ({
      kind: 'succeeded' as const,
      time: at(index % 150_000),
    }))
    expect(lastTime(ends)).toEqual(at(149_999))
  })

  test('returns null when no job has ended', () => {
    expect(lastTime([])).toBeNull()
  })
})
