import { expect, test } from 'vitest'
import { factTable } from '../../../../worker/cli/terminal/fact-table.ts'

test('factTable prints one line for each fact, aligns the texts, and has no heading', () => {
  expect(
    factTable([
      ['job', '7c12e969'],
      ['video', '1 of 2'],
      ['video', '2 of 2'],
    ]),
  ).toBe('job    7c12e969\nvideo  1 of 2\nvideo  2 of 2\n')
})
