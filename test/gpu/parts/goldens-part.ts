import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import type { Precision } from '../../../worker/compiler/targets/clip-targets.ts'
import { type GoldenRow, goldenRowSchema, NETWORK_GOLDENS, PIPELINE_GOLDENS } from '../golden-checks.ts'
import { choiceOf, type Machine } from '../machine.ts'
import type { Column } from '../report.ts'
import type { Part } from '../run-parts.ts'
import { runTask } from '../run-task.ts'

const failedSchema = z.object({ type: z.literal('golden-failed'), golden: z.string(), message: z.string() })
const rowSchema = z.discriminatedUnion('type', [goldenRowSchema, failedSchema])

/** Those whose float16 error in diffusers is known. */
const HALF_PIPELINES = ['pipeline-default-ramp', 'pipeline-half-noise', 'pipeline-three-level']

/** One process takes float16, the others share float32, whose goldens are more. */
const MOST_PROCESSES = 6

interface Share {
  readonly precision: Precision
  readonly goldens: readonly string[]
}

const sharesOf = (processes: number): readonly Share[] => {
  const networks = Object.keys(NETWORK_GOLDENS)
  const single = [...networks, ...PIPELINE_GOLDENS]
  const groups = Math.max(1, processes - 1)
  return [
    { precision: 'fp16', goldens: [...networks, ...HALF_PIPELINES] },
    ...Array.from({ length: groups }, (_, group): Share => {
      return { precision: 'fp32', goldens: single.filter((_, index) => index % groups === group) }
    }),
  ]
}

const COLUMNS: readonly Column[] = [
  { key: 'golden', head: 'golden' },
  { key: 'output', head: 'output' },
  { key: 'precision', head: 'precision' },
  { key: 'measure', head: 'errors' },
  { key: 'typical', head: 'RMS, or mean of 255', digits: 3, ofCard: true },
  { key: 'typicalBudget', head: 'its budget', digits: 3, ofCard: true },
  { key: 'largest', head: 'largest', digits: 3, ofCard: true },
  { key: 'largestBudget', head: 'its budget', digits: 3, ofCard: true },
  { key: 'ok', head: 'ok' },
]

const faultOf = ({ golden, output, precision, ...row }: GoldenRow): string =>
  `${golden} ${output} in ${precision}: ` +
  (row.largest === null
    ? 'it has another shape'
    : `RMS or mean ${row.typical}, largest ${row.largest}; the budgets are ${row.typicalBudget} and ${row.largestBudget}`)

export const goldensPart = (machine: Machine, folder: string): Part => ({
  name: 'goldens',
  leastSeconds: 30,
  mostSeconds: 150,
  async run(signal) {
    const shares = sharesOf(Math.min(MOST_PROCESSES, Math.max(2, Math.floor(availableParallelism() / 2))))
    const ends = await Promise.all(
      shares.map(async ({ precision, goldens }, index) => {
        const own = path.join(folder, `goldens-${index}`)
        await mkdir(own)
        const choice = choiceOf(machine, precision)
        const { computeCapability } = choice
        return await runTask(machine, {
          task: 'goldens-task.ts',
          request: { goldens, precision, computeCapability, values: !machine.standIn, folder: own },
          ...{ choice, rows: rowSchema, signal },
        })
      }),
    )
    const all = ends.flatMap(({ rows }) => rows)
    const rows = all.flatMap((row) => (row.type === 'golden' ? [row] : []))
    const failed = all.flatMap((row) => (row.type === 'golden-failed' ? [row] : []))
    return {
      tables: [
        { title: 'Goldens of diffusers', columns: COLUMNS, rows: rows.map(({ type: _, ...row }) => row) },
      ],
      notes: [
        `${rows.filter(({ ok }) => ok).length} of ${rows.length} outputs are ok.`,
        machine.standIn
          ? 'Over the stand-in results have no values: this shows that every golden runs and gives its shape.'
          : 'fp32: the tolerance of each golden, without TF32. fp16: the error of diffusers itself in float16.',
      ],
      failures: [
        ...ends.flatMap(({ fault }) => fault ?? []),
        ...failed.map(({ golden, message }) => `${golden}: ${message}`),
        ...rows.filter(({ ok }) => !ok).map(faultOf),
      ],
    }
  },
})
