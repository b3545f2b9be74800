import type { StandInRun } from './stand-in-card.ts'

/* placement.md: what each graph takes on each card, as text whose changes a reviewer sees. */

export interface PlacedGraph {
  readonly name: string
  readonly nodes: number
  /** By the name of the card. A card without the memory for it is missing. */
  readonly runs: ReadonlyMap<string, StandInRun>
}

type Figure = (run: StandInRun) => string

const MIB = 2 ** 20
const count = (value: number): string => value.toLocaleString('en-US')
const mib = (bytes: number): string => count(Math.ceil(bytes / MIB))
const peak: Figure = ({ peakBytesPerRun }) => mib(Math.max(...peakBytesPerRun))

const FIGURES: readonly (readonly [string, Figure])[] = [
  ['weights, MiB', ({ creation }) => mib(creation.heldBytes)],
  ['peak, MiB', peak],
  ['launches', ({ launches }) => count(launches)],
  ['convolutions of cuDNN', ({ convolutions }) => count(convolutions)],
  ['products of cuBLAS', ({ gemmCalls }) => count(gemmCalls)],
]
const BESIDE_LAUNCHES: readonly (readonly [string, Figure])[] = [
  ['(memsets)', ({ memsets }) => count(memsets)],
  ['(copies on the card)', ({ copiesOnDevice }) => count(copiesOnDevice)],
]

/** Columns at least so wide, because a wider figure would otherwise change every line of its table. */
const TITLE_WIDTH = 72
const FIGURE_WIDTH = 6
const FIGURES_WIDTH = 14

/** A Markdown table: text on the left, numbers on the right. */
const table = (rows: readonly (readonly string[])[], minWidth: number): string => {
  const [head = [], ...body] = rows
  const widths = head.map((_, column) =>
    Math.max(column === 0 ? TITLE_WIDTH : minWidth, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) => {
      const width = widths[column] ?? 0
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    return `| ${padded.join(' | ')} |`
  }
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), line(rule), ...body.map(line)].join('\n')
}

const row = (
  title: string,
  { runs }: PlacedGraph,
  cards: readonly string[],
  figure: Figure,
): readonly string[] => [
  title,
  ...cards.map((card) => {
    const run = runs.get(card)
    return run === undefined ? '' : figure(run)
  }),
]

/** Figures and launches by name of kernel. */
export const describeGraph = (graph: PlacedGraph, cards: readonly string[]): string => {
  const kernels = new Set([...graph.runs.values()].flatMap((run) => [...run.kernels.keys()])).values()
  const launchesOf =
    (kernel: string): Figure =>
    (run) =>
      count(run.kernels.get(kernel) ?? 0)
  const rows = [
    ...FIGURES.map(([title, figure]) => row(title, graph, cards, figure)),
    ...[...kernels]
      .toSorted()
      .map((kernel) => row(`\`${kernel.replaceAll('|', '\\|')}\``, graph, cards, launchesOf(kernel))),
    ...BESIDE_LAUNCHES.map(([title, figure]) => row(title, graph, cards, figure)),
  ]
  return `### ${graph.name}\n\n${table([[`${count(graph.nodes)} nodes`, ...cards], ...rows], FIGURE_WIDTH)}\n`
}

/** Launches and peak alone, a graph a line. */
export const summarizeGraphs = (graphs: readonly PlacedGraph[], cards: readonly string[]): string => {
  const rows = graphs.map((graph) =>
    row(graph.name, graph, cards, (run) => `${count(run.launches)} · ${peak(run)}`),
  )
  return `${table([['launches · peak in MiB', ...cards], ...rows], FIGURES_WIDTH)}\n`
}
