import Table from 'cli-table3'
import type { SideRun } from './side-run.ts'

export interface Runs {
  readonly diffusers: readonly SideRun[]
  readonly svd: readonly SideRun[]
}

const GIBIBYTE = 2 ** 30

/** Rows of the table, and the unit of their numbers; less is better in all. */
const MEASURES: readonly (readonly [name: string, of: (run: SideRun) => number])[] = [
  ['whole command, start-up to exit, s', (run) => run.processSeconds],
  ['CPU time of all its processes, s', (run) => run.cpuSeconds],
  ['clip, s (svd-batch: with making sessions)', (run) => run.clipSeconds],
  ['clip without loading, s', (run) => run.clipAfterLoadSeconds],
  ['loading, s', (run) => run.loadSeconds],
  ['UNet, s per step', (run) => run.stepSeconds],
  ['decoding, s', (run) => run.decodeSeconds],
  ['peak memory of all its processes, GiB', (run) => run.peakBytes / GIBIBYTE],
  ['peak memory of the one with the networks, GiB', (run) => run.networkProcessPeakBytes / GIBIBYTE],
]

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

export interface Comparison {
  readonly measure: string
  readonly diffusers: readonly number[]
  readonly svd: readonly number[]
  /** diffusers over svd-batch: above 1 svd-batch takes less. */
  readonly ratioOfMedians: number
  readonly ratioOfMinima: number
}

export const compareRuns = (runs: Runs): readonly Comparison[] =>
  MEASURES.map(([measure, of]) => {
    const diffusers = runs.diffusers.map(of)
    const svd = runs.svd.map(of)
    return {
      measure,
      diffusers,
      svd,
      ratioOfMedians: median(diffusers) / median(svd),
      ratioOfMinima: Math.min(...diffusers) / Math.min(...svd),
    }
  })

/** Each run's number in order, so that a noisy machine shows. */
const listed = (values: readonly number[]): string => values.map((value) => value.toFixed(2)).join('  ')

export const comparisonTable = (comparisons: readonly Comparison[]): string => {
  const table = new Table({
    head: ['', 'diffusers', 'svd-batch', 'medians', 'minima'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  })
  for (const { measure, diffusers, svd, ratioOfMedians, ratioOfMinima } of comparisons) {
    const ratios = [ratioOfMedians, ratioOfMinima].map((ratio) => `${ratio.toFixed(2)}x`)
    table.push([measure, listed(diffusers), listed(svd), ...ratios])
  }
  return table.toString()
}

/** CPU time over wall time of each run: the side that had fewer cores waited for others, or worked on one. */
export const coresText = ({ diffusers, svd }: Runs): string => {
  const cores = (runs: readonly SideRun[]): string =>
    listed(runs.map(({ cpuSeconds, processSeconds }) => cpuSeconds / processSeconds))
  return `cores busy on average: diffusers ${cores(diffusers)}, svd-batch ${cores(svd)}`
}
