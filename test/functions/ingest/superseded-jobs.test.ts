import { describe, expect, test } from 'vitest'
import { pendingJobs, supersede, withOutcomes } from '../../../functions/ingest/superseded-jobs.ts'
import type { IngestReport, SupersededJob } from '../../../shared/contracts/ingest-report.ts'
import { anIngestReport } from '../../fixtures/job-records.ts'

const idOf = (index: number): string => index.toString(16).padStart(32, '0')

const someJobs = (first: number, count: number): IngestReport['jobs'] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ job_id: idOf(first + index), item: null, item_id: null, image: 'images/a.png' },
    ...{ videos: [], done_before: false },
  }))

const aReport = (change: Partial<IngestReport> = {}): IngestReport =>
  anIngestReport({ key: 'images/a.png', state: 'accepted', superseded: [], faults: [], ...change })

const cancelled = (index: number): SupersededJob => ({ job_id: idOf(index), outcome: 'cancelled' })
const pending = (index: number): SupersededJob => ({ job_id: idOf(index), outcome: 'pending' })

describe('a report supersedes the jobs of the previous report that it does not name', () => {
  test('as pending, listed after the jobs that were superseded before', () => {
    const before = aReport({ jobs: someJobs(1, 3), superseded: [cancelled(0)] })
    const after = supersede(before, aReport({ jobs: someJobs(3, 2) }))
    expect(after.superseded).toEqual([cancelled(0), pending(1), pending(2)])
    expect(pendingJobs(after)).toEqual([idOf(1), idOf(2)])
  })

  test('except for a job that it names again', () => {
    const before = aReport({ jobs: [], superseded: [cancelled(0), cancelled(1)] })
    expect(supersede(before, aReport({ jobs: someJobs(1, 1) })).superseded).toEqual([cancelled(0)])
  })

  test.each([
    ['content', { etag: '"other"' }],
    ['version', { version_id: 'v-2' }],
    ['event', { sequencer: '0055AED6DCD90281E6' }],
  ])('unless it is on another upload with another %s', (_, change) => {
    const before = aReport({ jobs: someJobs(1, 1), superseded: [cancelled(0)] })
    expect(supersede(before, aReport({ jobs: [], ...change })).superseded).toEqual([])
  })

  test('and lists all pending jobs and the newest 10,000 of the others', () => {
    const superseded = Array.from({ length: 10_001 }, (_, index) => cancelled(index))
    const before = aReport({ jobs: someJobs(20_000, 1_500), superseded })
    const after = supersede(before, aReport({ jobs: [] }))
    expect(after.superseded).toHaveLength(11_500)
    expect(after.superseded[0]).toEqual(cancelled(1))
    const decided = withOutcomes(after, () => 'done')
    expect(decided.superseded).toHaveLength(10_000)
    expect(decided.superseded.at(-1)).toEqual({ job_id: idOf(21_499), outcome: 'done' })
  })

  test('and lists and counts every job of the largest grid', () => {
    const before = aReport({ jobs: someJobs(0, 10_000) })
    const rejected = supersede(before, aReport({ state: 'rejected', jobs: [] }))
    const decided = withOutcomes(rejected, () => 'cancelled')
    expect(decided.superseded).toHaveLength(10_000)
    expect(decided.faults[0]?.message).toContain(` and 9997 more (cancelled); `)
  })

  test('and counts also jobs that it does not list any more', () => {
    const superseded = Array.from({ length: 10_000 }, (_, index) => cancelled(index))
    const before = aReport({ jobs: someJobs(20_000, 500), superseded })
    const rejected = supersede(before, aReport({ state: 'rejected', jobs: [] }))
    const decided = withOutcomes(rejected, () => 'cancelled')
    expect(decided.superseded).toHaveLength(10_000)
    expect(decided.faults[0]?.message).toContain(' and 10497 more (cancelled); ')
  })
})

describe('the revision of a report', () => {
  const AT = '2026-01-02T03:04:05.000Z'
  const LATER = '2026-01-02T03:14:05.000Z'
  const first = aReport({ jobs: someJobs(1, 2), reported_at: AT })
  const revised = supersede(first, aReport({ jobs: someJobs(2, 2), reported_at: AT }))

  test('lists the jobs that were added since the first version, and no others', () => {
    expect(revised.revision).toEqual({ revised_at: AT, job_ids: [idOf(3)] })
    expect(supersede(first, aReport({ jobs: someJobs(1, 1) })).revision).toBeUndefined()
  })

  test('keeps its time and jobs when the report is written again, and gets the time of the last addition', () => {
    const again = aReport({ jobs: someJobs(2, 2), reported_at: LATER })
    expect(supersede(revised, again).revision).toEqual({ revised_at: AT, job_ids: [idOf(3)] })
    const more = aReport({ jobs: someJobs(3, 2), reported_at: LATER })
    expect(supersede(revised, more).revision).toEqual({
      revised_at: LATER,
      job_ids: [idOf(3), idOf(4)],
    })
    expect(supersede(revised, aReport({ jobs: someJobs(2, 1) })).revision).toBeUndefined()
  })

  test.each([
    [
      'within half an hour: the pending and the added job',
      '2026-01-02T03:34:04.999Z',
      [pending(1), pending(3)],
    ],
    ['half an hour later: the pending job alone', '2026-01-02T03:34:05.000Z', [pending(1)]],
  ])('has these jobs superseded by an overwriting image that comes %s', (_, reported_at, jobs) => {
    const newer = aReport({ etag: '"other"', jobs: someJobs(8, 1), reported_at })
    const after = supersede(revised, newer)
    expect(after.superseded).toEqual(jobs)
    expect(after.revision).toBeUndefined()
  })

  test('has no added job superseded that the overwriting image requests too', () => {
    const newer = aReport({ etag: '"other"', jobs: someJobs(3, 1), reported_at: AT })
    expect(supersede(revised, newer).superseded).toEqual([pending(1)])
  })
})

test('a rejected report states the outcome of superseded jobs and names at most three jobs for each', () => {
  const before = aReport({ jobs: someJobs(1, 6) })
  const fault = { ...{ item: null, line: null, item_id: null }, field: 'sidecar', message: 'is not JSON' }
  const rejected = supersede(before, aReport({ state: 'rejected', jobs: [], faults: [fault] }))
  const decided = withOutcomes(rejected, (jobId) =>
    jobId === idOf(5) ? 'done' : jobId === idOf(6) ? 'kept' : 'cancelled',
  )
  expect(decided.faults).toEqual([
    fault,
    {
      ...{ item: null, line: null, item_id: null, field: 'superseded' },
      message:
        'jobs were made before the image or its sidecar was uploaded anew: ' +
        `${idOf(1)}, ${idOf(2)}, ${idOf(3)} and 1 more (cancelled); ` +
        `${idOf(5)} (ended before, and the result stays); ` +
        `${idOf(6)} (goes on, because another upload orders it); upload them without faults`,
    },
  ])
})
