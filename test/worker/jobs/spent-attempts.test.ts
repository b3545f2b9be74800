import { expect, test } from 'vitest'
import type { SpentAttempt } from '../../../shared/contracts/status-record.ts'
import { countAttempts, lastReason, mayRender, withAttempt } from '../../../worker/jobs/spent-attempts.ts'

const NOW = new Date('2026-01-01T00:10:00Z')
const attempt = (id: string, reason: string | null, aliveUntil: string): SpentAttempt => ({
  ...{ id, worker_id: `worker of ${id}`, reason },
  alive_until: `2026-01-01T${aliveUntil}.000Z`,
})
const failed = attempt('1', 'it crashed', '00:20:00')
const vanished = attempt('2', null, '00:09:59')
const alive = attempt('3', null, '00:11:30')
const aliveLonger = attempt('4', null, '00:12:00')

test.each([
  ['no attempt', [], 'left'],
  ['fewer attempts than the limit', [failed, vanished], 'left'],
  ['as many attempts as the limit that failed or whose worker vanished', [failed, vanished, failed], 'spent'],
  [
    'as many attempts as the limit, of which one still renders',
    [failed, vanished, alive],
    { waitSeconds: 90 },
  ],
  [
    'more attempts than the limit, of which two still render',
    [failed, alive, aliveLonger, vanished],
    { waitSeconds: 90 },
  ],
  [
    'as many failed attempts as the limit and one that still renders',
    [failed, failed, failed, alive],
    'spent',
  ],
] as const)('for %s, countAttempts returns $2', (_, attempts, count) => {
  expect(countAttempts(attempts, 3, NOW)).toEqual(count)
})

test('a worker whose lease ends at this moment is not waited for', () => {
  const ended = attempt('5', null, '00:10:00')

  expect(countAttempts([ended], 1, NOW)).toBe('spent')
  expect(mayRender([failed, ended], NOW)).toBe(false)
  expect(mayRender([failed, alive], NOW)).toBe(true)
})

test('lastReason returns the reason of the last attempt', () => {
  expect(lastReason([])).toBe(null)
  expect(lastReason([vanished, failed])).toBe('it crashed')
  expect(lastReason([failed, vanished])).toBe(
    'the worker worker of 2 or its machine vanished while it rendered the job',
  )
})

test('withAttempt adds, replaces or removes the entry of one attempt and keeps the others', () => {
  const closed = attempt('2', 'out of memory', '00:30:00')

  expect(withAttempt([failed], '2', vanished)).toEqual([failed, vanished])
  expect(withAttempt([failed, vanished, alive], '2', closed)).toEqual([failed, closed, alive])
  expect(withAttempt([failed, vanished, alive], '2', null)).toEqual([failed, alive])
  expect(withAttempt([failed], '2', null)).toEqual([failed])
})
