import { expect, test } from 'vitest'
import { DEFAULT_SEVERITIES, readCheckSeverities } from '../../../shared/contracts/clip-checks.ts'

test('likeness and seams warn unless a deployment says otherwise, and all other checks fail', () => {
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
])('%j changes the checks that it names, and no others', (given, changed) => {
  expect(readCheckSeverities(given)).toEqual({ ...DEFAULT_SEVERITIES, ...changed })
})

test.each([
  ['a check that there is not', 'likenes=fail'],
  ['a severity that there is not', 'likeness=error'],
  ['no severity', 'likeness'],
  ['two severities', 'likeness=warn=fail'],
  ['a check twice', 'seams=off,likeness=fail,seams=fail'],
  ['a name that every object has', 'constructor=off'],
])('%s is refused: %j', (_, given) => {
  expect(readCheckSeverities(given)).toBeNull()
})
