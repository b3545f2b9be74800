import { expect, test } from 'vitest'
import { newAttemptId } from '../../../worker/jobs/attempt-id.ts'

const from = (...numbers: readonly number[]): (() => number) => {
  const left = [...numbers]
  return () => left.shift()!
}

test('an attempt id is the number of the attempt and 64 random bits', () => {
  expect(newAttemptId(2, from(0, 0.5))).toBe('0002-0000000080000000')
  expect(newAttemptId(10, from(0.999_999_999_9, 0))).toBe('0010-ffffffff00000000')
})

test('attempt ids differ between two deliveries with the same number', () => {
  expect(newAttemptId(1, Math.random)).not.toBe(newAttemptId(1, Math.random))
})
