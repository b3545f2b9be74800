import Table from 'cli-table3'
import { safeText } from '../../../shared/contracts/shown-value.ts'

export interface Column<Row> {
  readonly head: string
  readonly align?: 'left' | 'right'
  readonly text: (row: Row) => string
}

const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((name) => [name, '']),
)

/** Without lines, as other commands on a terminal print theirs; a column without any text is left out. */
export const plainTable = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string => {
  const cells = columns.map(({ text }) => rows.map((row) => safeText(text(row))))
  const shown = columns.flatMap((column, index) =>
    rows.length === 0 || cells[index]?.some((cell) => cell !== '')
      ? [{ column, cells: cells[index] ?? [] }]
      : [],
  )
  const table = new Table({
    head: shown.map(({ column }) => column.head),
    colAligns: shown.map(({ column }) => column.align ?? 'left'),
    chars: { ...NO_LINES, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  for (const index of rows.keys()) table.push(shown.map((one) => one.cells[index] ?? ''))
  return table
    .toString()
    .split('\n')
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}
