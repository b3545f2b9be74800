import { expect, test } from 'vitest'
import { markdownOf, type PartReport, withoutCardFigures } from './report.ts'

const aReport = (): PartReport => ({
  part: 'xt',
  status: 'failed',
  seconds: 12.34,
  failures: ['a value is wrong'],
  notes: ['Sessions are strict.'],
  tables: [
    {
      title: 'Networks',
      columns: [
        { key: 'network', head: 'network' },
        { key: 'seconds', head: 'median, s', ofCard: true },
        { key: 'ok', head: 'ok' },
      ],
      rows: [
        { network: 'a|b', seconds: 1.234567, ok: true },
        { network: 'c', seconds: null, ok: false },
      ],
    },
  ],
})

test('markdownOf writes a table in Markdown, with rounded numbers', () => {
  expect(markdownOf(['H100, commit 1234567'], [aReport()])).toBe(`# svd-batch on an NVIDIA card

H100, commit 1234567

## xt: failed, 12.3 s

- **Failed:** a value is wrong

- Sessions are strict.

### Networks

| network | median, s | ok |
| --- | --- | --- |
| a\\|b | 1.235 | yes |
| c | — | **no** |

`)
})

test('withoutCardFigures removes the figures of a GPU from tables and rows', () => {
  const { seconds, tables } = withoutCardFigures(aReport())
  expect(seconds).toBeNull()
  expect(tables).toEqual([
    {
      title: 'Networks',
      columns: [
        { key: 'network', head: 'network' },
        { key: 'ok', head: 'ok' },
      ],
      rows: [
        { network: 'a|b', ok: true },
        { network: 'c', ok: false },
      ],
    },
  ])
})
