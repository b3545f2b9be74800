import { describe, expect, test } from 'vitest'
import type { AcceptedJob } from '../../../../shared/contracts/ingest-report.ts'
import { noteQueued } from '../../../../shared/job-index/write-entries.ts'
import { findJobsBefore } from '../../../../worker/client/submit/jobs-before.ts'
import { aFailure, aResult, aStatus } from '../../../fixtures/job-records.ts'
import { countRequests } from '../../../fixtures/request-count.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { fakeServices } from '../../cli/fake-services.ts'

const idOf = (number: number): string => (number * 7919).toString(16).padStart(8, '0').padEnd(32, '0')

const accepted = (jobId: string, done_before: boolean): AcceptedJob => ({
  ...{ job_id: jobId, item: null, item_id: null, image: 'images/p/cup.png', videos: [], done_before },
})

const uploads = { keys: new Set(['images/p/cup.png']), since: new Date('2026-11-24T12:30:00Z') }

describe('jobs from before an upload', () => {
  test('are classified by their records', async () => {
    const { outputs, putResult, putStatus } = fakeServices()
    await putResult(aResult({ jobId: idOf(1) }))
    await putResult(aFailure({}, { jobId: idOf(2) }))
    await putResult(aResult({ jobId: idOf(3), state: 'cancelled' }))
    await putStatus(
      aStatus({ jobId: idOf(4), sourceKey: 'images/other/cup.png', state: 'rendering', attempt: 1 }),
    )
    await putStatus(aStatus({ jobId: idOf(5), sourceKey: 'images/p/cup.png' }))
    const jobs = [1, 2, 3, 4, 5, 6].map((number) => accepted(idOf(number), number <= 3))
    const before = await findJobsBefore(outputs, jobs, uploads, unaborted)
    expect({
      succeeded: before.succeeded,
      failed: before.failed.map(({ jobId }) => jobId),
      cancelled: before.cancelled.map(({ jobId }) => jobId),
      underway: before.underway.map(({ jobId }) => jobId),
    }).toEqual({ succeeded: 1, failed: [idOf(2)], cancelled: [idOf(3)], underway: [idOf(4)] })
  })

  test('include those of an earlier run of the same command, whose report stays unchanged', async () => {
    const { outputs, putResult } = fakeServices()
    await putResult(aResult({ jobId: idOf(1) }))
    await putResult(aFailure({}, { jobId: idOf(2) }))
    await putResult(aFailure({}, { jobId: idOf(3), finished_at: '2026-11-24T12:30:05.000Z' }))
    const jobs = [1, 2, 3].map((number) => accepted(idOf(number), false))
    const before = await findJobsBefore(outputs, jobs, uploads, unaborted)
    expect(before).toMatchObject({ succeeded: 1, failed: [{ jobId: idOf(2) }], cancelled: [], underway: [] })
  })

  test('among ten thousand cost few requests, because the index names the relevant records', async () => {
    const { outputs, putResult, putStatus, pass } = fakeServices()
    await putResult(aFailure({}, { jobId: idOf(1) }))
    await putResult(aResult({ jobId: idOf(2), state: 'cancelled' }))
    await putStatus(aStatus({ jobId: idOf(6_000), sourceKey: 'images/other/cup.png' }))
    pass(600)
    const fresh = Array.from({ length: 4_999 }, (_, index) => idOf(5_000 + index)).filter(
      (id) => id !== idOf(6_000),
    )
    for (let start = 0; start < fresh.length; start += 100)
      await noteQueued(outputs, fresh.slice(start, start + 100), new Date('2026-11-24T12:40:00Z'), unaborted)
    const jobs = Array.from({ length: 9_999 }, (_, index) => accepted(idOf(index), index < 5_000))
    const { store, requests } = countRequests(outputs)
    const since = new Date('2026-11-24T12:39:30Z')
    const before = await findJobsBefore(store, jobs, { ...uploads, since }, unaborted)
    expect(before).toMatchObject({
      succeeded: 4_998,
      failed: [{ jobId: idOf(1) }],
      cancelled: [{ jobId: idOf(2) }],
      underway: [{ jobId: idOf(6_000) }],
    })
    // 3 lists, 50 entries with the ids of 100 jobs each, 3 jobs.
    expect(requests()).toBe(3 + 50 + 3 * 2)
  })
})
