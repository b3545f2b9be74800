import { expect, test } from 'vitest'
import { parseDuration, parseSince, shortDuration } from '../../../../worker/cli/terminal/duration.ts'

test.each([
  ['90s', 90],
  ['15m', 900],
  ['1.5h', 5400],
  ['3 d', 259_200],
])('the duration %s is %d seconds', (text, seconds) => {
  expect(parseDuration('--older-than', text)).toBe(seconds)
})

test.each(['', '15', 'm', '-1h', '1w', '1h30m'])("parseDuration refuses '%s'", (text) => {
  expect(() => parseDuration('--older-than', text)).toThrow(
    `--older-than: got '${text}'; must be a time such as 90s, 15m, 2h or 3d`,
  )
})

const now = new Date('2026-11-24T12:00:00Z')

test.each([
  ['2h', '2026-11-24T10:00:00.000Z'],
  ['2026-11-23', '2026-11-23T00:00:00.000Z'],
  ['2026-11-23T18:30', '2026-11-23T18:30:00.000Z'],
  ['2026-11-23 18:30', '2026-11-23T18:30:00.000Z'],
  ['2026-11-23T18:30:05Z', '2026-11-23T18:30:05.000Z'],
  ['2026-11-23T18:30:05+02:00', '2026-11-23T16:30:05.000Z'],
])('the time %s of --since is %s', (text, date) => {
  expect(parseSince('--since', text, now).toISOString()).toBe(date)
})

test.each(['yesterday', '2026', '2026-13-01', '24.11.2026'])("parseSince refuses '%s'", (text) => {
  expect(() => parseSince('--since', text, now)).toThrow(/--since: got/)
})

test.each([
  [0, '0 s'],
  [89, '89 s'],
  [90, '2 min'],
  [5000, '83 min'],
  [7200, '2 h'],
  [200_000, '2 d'],
])('shortDuration prints %d seconds as %s', (seconds, text) => {
  expect(shortDuration(seconds)).toBe(text)
})
