import { expect, test } from 'vitest'
import { DEFAULT_SEVERITIES, readCheckSeverities } from '../../../shared/contracts/clip-checks.ts'

test('likeness and seams warn by default, and all other checks fail a clip', () => {
  expect(DEFAULT_SEVERITIES).toEqual({
    ...{ 'non-finite': 'fail', black: 'fail', blank: 'fail', frozen: 'fail', container: 'fail' },
    ...{ likeness: 'warn', seams: 'warn' },
  })
})

test.each([
  ['likeness=fail,seams=off', { likeness: 'fail', seams: 'off' }],
  [' likeness = fail , ', { likeness: 'fail' }],
  ['non-finite=warn', { 'non-finite': 'warn' }],
  ['', {}],
])('the severities %j change only the checks that they name', (given, changed) => {
  expect(readCheckSeverities(given)).toEqual({ ...DEFAULT_SEVERITIES, ...changed })
})

test.each([
  ['an unknown check', 'likenes=fail'],
  ['an unknown severity', 'likeness=error'],
  ['no severity', 'likeness'],
  ['two severities', 'likeness=warn=fail'],
  ['a check twice', 'seams=off,likeness=fail,seams=fail'],
  ['a property of every object as check', 'constructor=off'],
])('severities with %s are refused: %j', (_, given) => {
  expect(readCheckSeverities(given)).toBeNull()
})
