import { expect, test } from 'vitest'
import type { QueueDepth } from '../../../../shared/ports/message-queue.ts'
import { type JobStatus, statusOfResultRecord } from '../../../../worker/client/tracking/job-status.ts'
import { lostIfGone, mayBeLost, type QueuesSeen } from '../../../../worker/client/tracking/lost-jobs.ts'
import { aResult } from '../../../fixtures/job-records.ts'

const NOW = new Date('2026-11-24T12:00:00.000Z')
const EMPTY: QueueDepth = { visible: 0, inFlight: 0, delayed: 0 }
const DAY_SECONDS = 86_400

/** A job that a worker renders, whose status was written so many seconds ago. */
const aJobQuietFor = (seconds: number): JobStatus => ({
  ...{ ...statusOfResultRecord(aResult()), state: 'rendering', result: null, phase: 'denoise' },
  ...{ step: 7, steps: 25, updatedAt: new Date(NOW.getTime() - seconds * 1000).toISOString() },
})

const stateAfter = (seconds: number, seen: Partial<QueuesSeen> = {}): string =>
  lostIfGone(aJobQuietFor(seconds), { now: NOW, queue: EMPTY, deadLetters: EMPTY, ...seen }).state

test('a job is lost after more than 15 minutes without an update and without any message', () => {
  expect([900, 901].map((seconds) => stateAfter(seconds))).toEqual(['rendering', 'lost'])
  expect([900, 901].map((seconds) => mayBeLost(aJobQuietFor(seconds), NOW))).toEqual([false, true])
})

test.each(['visible', 'inFlight', 'delayed'] as const)(
  'a job is not lost while either queue counts a message as %s',
  (kind) => {
    const depth = { ...EMPTY, [kind]: 1 }
    expect(stateAfter(901, { queue: depth })).toBe('rendering')
    expect(stateAfter(901, { deadLetters: depth })).toBe('rendering')
  },
)

test('a job with unchecked queues is lost after the 14 days for which SQS keeps a message', () => {
  const seen = { queue: null, deadLetters: null }
  const seconds = 14 * DAY_SECONDS
  expect([seconds, seconds + 1].map((quiet) => stateAfter(quiet, seen))).toEqual(['rendering', 'lost'])
})

test('an unchecked dead-letter queue counts as empty', () => {
  expect(stateAfter(901, { deadLetters: null })).toBe('lost')
})

test('a lost job has no progress, and its message names the fix', () => {
  const lost = lostIfGone(aJobQuietFor(901), { now: NOW, queue: EMPTY, deadLetters: EMPTY })
  expect(lost).toMatchObject({ phase: null, step: 0, steps: 0, message: expect.stringMatching(/again$/) })
})

test('a job that has ended is never lost', () => {
  const done = { ...statusOfResultRecord(aResult()), updatedAt: '2020-01-01T00:00:00.000Z' }
  expect(mayBeLost(done, NOW)).toBe(false)
  expect(lostIfGone(done, { now: NOW, queue: EMPTY, deadLetters: EMPTY })).toBe(done)
})
