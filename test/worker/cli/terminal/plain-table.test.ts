import { expect, test } from 'vitest'
import { plainTable } from '../../../../worker/cli/terminal/plain-table.ts'
import { shortened } from '../../../../worker/cli/terminal/short-text.ts'

test('plainTable aligns columns, leaves empty ones out, and has no trailing spaces', () => {
  const table = plainTable<readonly string[]>(
    [
      { head: 'NAME', text: ([name = '']) => name },
      { head: 'NOTE', text: () => '' },
      { head: 'SIZE', align: 'right', text: ([, size = '']) => size },
      { head: 'WHY', text: ([, , why = '']) => why },
    ],
    [
      ['cup.png', '5', ''],
      ['a', '1000', 'late'],
    ],
  )
  expect(table).toBe('NAME     SIZE  WHY\ncup.png     5\na        1000  late\n')
})

test('shortened replaces the middle of a long name by an ellipsis', () => {
  expect(shortened('IMG_20261124_120455.jpeg', 11)).toBe('IMG_2….jpeg')
  expect(shortened('cup.png', 11)).toBe('cup.png')
  expect(shortened('🐈🐈🐈🐈', 3)).toBe('🐈…🐈')
})
