import { describe, expect, test } from 'vitest'
import { alarmValue, DOCUMENTED, FILL_WAITS } from './scaling-alarm.ts'

/** Data points as the document writes them, the newest last: 0 does not breach, X does, - is missing. */
const isInAlarm = (points: string): boolean => {
  const newest = points.length - 1
  const valueAt = (minute: number) => ({ X: 1, '0': 0 })[points[minute] ?? '-']
  return alarmValue(valueAt, (value) => value >= 1, 3, newest + 1, DOCUMENTED) !== undefined
}

describe('an alarm with three periods, as in the table of the CloudWatch user guide', () => {
  test.each([
    ['0-X-X', false],
    ['0----', false],
    ['-----', false],
    ['0XX-X', true],
    ['----X', false],
  ])('is evaluated for the data points %s, in alarm: %s', (points, expected) => {
    expect(isInAlarm(points)).toBe(expected)
  })
})

test('an alarm evaluates the previous minute, or the one before that where FILL waits', () => {
  const valueAt = (minute: number) => minute
  expect(alarmValue(valueAt, () => true, 1, 10, DOCUMENTED)).toBe(9)
  expect(alarmValue(valueAt, () => true, 1, 10, FILL_WAITS)).toBe(8)
})
