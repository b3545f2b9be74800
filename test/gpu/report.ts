export type Cell = string | number | boolean | null

export interface Column {
  /** Key of the rows' cells. */
  readonly key: string
  readonly head: string
  /** Significant digits of numbers; default 4. */
  readonly digits?: number
  /** The cells are times, rates or memory, or values of results: they mean nothing over the stand-in. */
  readonly ofCard?: boolean
}

export type Row = Readonly<Record<string, Cell>>

export interface Table {
  readonly title: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

/** Findings of a part. The part has failed if there is a failure. */
export interface Findings {
  /** The part cannot run on this machine; a note says why. */
  readonly skipped?: true
  readonly tables: readonly Table[]
  readonly notes: readonly string[]
  readonly failures: readonly string[]
}

export interface PartReport extends Omit<Findings, 'skipped'> {
  readonly part: string
  readonly status: 'ok' | 'failed' | 'skipped'
  /** `null` if the part was skipped, or ran over the stand-in. */
  readonly seconds: number | null
}

const tableWithoutCardFigures = ({ columns, rows, ...table }: Table): Table => {
  const kept = columns.filter(({ ofCard }) => ofCard !== true)
  const keys = new Set(kept.map(({ key }) => key))
  return {
    ...table,
    columns: kept,
    rows: rows.map((row) => Object.fromEntries(Object.entries(row).filter(([key]) => keys.has(key)))),
  }
}

/** The report without the figures that only a card gives: over the stand-in they would be read as measured. */
export const withoutCardFigures = (report: PartReport): PartReport => ({
  ...report,
  seconds: null,
  tables: report.tables.map(tableWithoutCardFigures).filter(({ columns }) => columns.length > 0),
})

const cellText = (cell: Cell | undefined, digits = 4): string => {
  if (cell === null || cell === undefined) return '—'
  if (typeof cell === 'boolean') return cell ? 'yes' : '**no**'
  if (typeof cell === 'string') return cell.replaceAll('|', '\\|').replaceAll('\n', ' ')
  if (Number.isInteger(cell) && Math.abs(cell) < 1e9) return String(cell)
  return String(Number(cell.toPrecision(digits)))
}

const tableText = ({ title, columns, rows }: Table): string => {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    `### ${title}`,
    '',
    line(columns.map(({ head }) => head)),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map(({ key, digits }) => cellText(row[key], digits)))),
  ].join('\n')
}

const partText = ({ part, status, seconds, tables, notes, failures }: PartReport): string =>
  [
    `## ${part}: ${status}${seconds === null ? '' : `, ${seconds.toFixed(1)} s`}`,
    ...failures.map((failure) => `- **Failed:** ${failure.replaceAll('\n', '\n  ')}`),
    ...notes.map((note) => `- ${note}`),
    ...tables.map(tableText),
  ].join('\n\n')

/** `heading` is what the figures hold for: card, versions, commit. */
export const markdownOf = (heading: readonly string[], reports: readonly PartReport[]): string =>
  ['# svd-batch on an NVIDIA card', ...heading, ...reports.map(partText), ''].join('\n\n')
