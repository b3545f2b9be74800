import { expect, test } from 'vitest'
import {
  batchShare,
  followBatchPace,
  jobShare,
  pollSecondsLeft,
} from '../../../../worker/client/tracking/batch-progress.ts'
import type { JobStatus } from '../../../../worker/client/tracking/job-status.ts'
import { statusOfResultRecord } from '../../../../worker/client/tracking/job-status.ts'
import { aResult } from '../../../fixtures/job-records.ts'

const aJobStatus = (overrides: Partial<JobStatus> = {}): JobStatus => ({
  ...statusOfResultRecord(aResult()),
  ...overrides,
})

const at = (phase: string, step: number, steps: number): JobStatus =>
  aJobStatus({ state: 'rendering', phase, step, steps })

test('the share of a job never decreases', () => {
  const course = [
    aJobStatus({ state: 'queued' }),
    aJobStatus({ state: 'preparing' }),
    ...[
      at('load', 0, 1),
      at('encode-image', 0, 3),
      at('denoise', 0, 25),
      at('denoise', 12, 25),
      at('denoise', 25, 25),
    ],
    ...[at('decode', 0, 2), at('decode', 1, 2), at('encode-video', 0, 1)],
    aJobStatus({ state: 'publishing' }),
    aJobStatus(),
  ].map(jobShare)
  expect(course).toEqual(course.toSorted((a, b) => a - b))
  expect([course[0], course.at(-1)]).toEqual([0, 1])
})

test('an unknown phase does not complete a job', () => {
  expect(jobShare(at('upscale', 3, 3))).toBe(0.05)
})

test('the time left follows from the pace so far', () => {
  const batch = [aJobStatus(), aJobStatus(), aJobStatus({ state: 'queued' }), aJobStatus({ state: 'queued' })]
  expect(batchShare(batch)).toBe(2)
  expect(pollSecondsLeft(4, { from: { done: 1, atMs: 5_000 }, latest: { done: 2, atMs: 35_000 } })).toBe(60)
})

test('the time left is unknown before any progress', () => {
  const from = { done: 1, atMs: 5_000 }
  expect(pollSecondsLeft(2, { from, latest: { done: 1, atMs: 35_000 } })).toBeNull()
  expect(pollSecondsLeft(2, { from, latest: from })).toBeNull()
})

test('the pace starts after the first tenth of a job, because machines start and networks warm up', () => {
  const paceOf = followBatchPace()
  const waiting = aJobStatus({ state: 'queued' })
  const poll = (first: JobStatus, seconds: number) => {
    const { from, latest } = paceOf([first, waiting], seconds * 1000)
    expect(latest).toEqual({ done: batchShare([first, waiting]), atMs: seconds * 1000 })
    return [Number(from.done.toFixed(3)), (latest.atMs - from.atMs) / 1000]
  }
  expect(poll(waiting, 0)).toEqual([0, 0])
  expect(poll(at('load', 0, 1), 300)).toEqual([0.02, 0])
  expect(poll(at('denoise', 0, 25), 310)).toEqual([0.08, 0])
  expect(poll(at('denoise', 1, 25), 370)).toEqual([0.109, 0])
  expect(poll(at('denoise', 2, 25), 372)).toEqual([0.109, 2])
  expect(poll(at('denoise', 25, 25), 420)).toEqual([0.109, 50])
})

test('jobs that ended before the watch do not count as warm-up', () => {
  const paceOf = followBatchPace()
  const poll = (second: JobStatus, seconds: number) => paceOf([aJobStatus(), second], seconds * 1000)
  for (const seconds of [0, 60]) {
    const mark = { done: 1, atMs: seconds * 1000 }
    expect(poll(aJobStatus({ state: 'queued' }), seconds)).toEqual({ from: mark, latest: mark })
  }
})
