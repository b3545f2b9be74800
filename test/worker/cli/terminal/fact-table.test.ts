import { expect, test } from 'vitest'
import { factTable } from '../../../../worker/cli/terminal/fact-table.ts'

test('facts stand in two columns, without those that say nothing', () => {
  const text = factTable([
    ['seed', 7],
    ['message', null],
    ['found in', 'cup.json'],
  ])
  expect(text).toBe('seed      7\nfound in  cup.json\n')
})
