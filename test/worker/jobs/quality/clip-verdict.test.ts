import { expect, test } from 'vitest'
import type { SpentAttempt } from '../../../../shared/contracts/status-record.ts'
import { judgeFailedClip } from '../../../../worker/jobs/quality/clip-verdict.ts'

/** Workers whose clips failed their checks; `-` is an attempt that failed for another reason. */
const attemptsOf = (workers: string): SpentAttempt[] =>
  [...workers].map((worker, index) => ({
    ...{ id: `${index}`, reason: 'it failed', alive_until: '2026-01-01T00:00:00.000Z' },
    worker_id: worker === '-' ? 'b' : worker,
    ...(worker !== '-' && { failed_checks: true as const }),
  }))

test.each([
  ['a', false, 'open'],
  ['a-', false, 'open'],
  ['--a', false, 'open'],
  ['aa', false, 'open'],
  ['aaa', false, 'unconfirmed'],
  ['a', true, 'confirmed'],
  ['ba', false, 'confirmed'],
  ['aba', false, 'confirmed'],
  ['', false, 'open'],
] as const)(
  'judgeFailedClip of worker a returns $2 for failed clips on workers $0 (another clip has passed since: $1)',
  (workers, hasPassedSince, verdict) => {
    expect(judgeFailedClip(attemptsOf(workers), { workerId: 'a', hasPassedSince })).toBe(verdict)
  },
)
