import { execa } from 'execa'
import { z } from 'zod'
import { median } from '../../bench/comparison.ts'
import { MAXIMUM_ALLOWANCE, rmsAllowance } from '../../fixtures/half-errors.ts'
import type { LargeModel } from '../large-model.ts'
import { choiceOf, type Machine, readCard } from '../machine.ts'
import type { Findings, Row, Table } from '../report.ts'
import type { Part } from '../run-parts.ts'
import { runTask } from '../run-task.ts'
import { decodeChunkFor } from './xt-part.ts'

const whatSchema = z.enum(['step', 'decode'])
const errorSchema = z.object({ typical: z.number(), largest: z.number() })
const rowSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run'),
    side: z.string(),
    what: whatSchema,
    warm: z.boolean(),
    seconds: z.number(),
    peakBytes: z.number().nullable(),
  }),
  z.object({ type: z.literal('memory'), side: z.string(), what: whatSchema, usedBytes: z.number() }),
  z.object({ type: z.literal('versions'), versions: z.record(z.string(), z.string()) }),
  z.object({
    type: z.literal('error'),
    what: whatSchema,
    count: z.int(),
    ours: errorSchema,
    theirs: errorSchema,
  }),
])
type SideRow = z.infer<typeof rowSchema>

const GIGABYTE = 1e9
const ROUNDS = 5
const NEEDED_BYTES = 60 * GIGABYTE
const NEEDED_FOR_FLOAT32_BYTES = 100 * GIGABYTE

const PROBE =
  'import torch, diffusers; print("cuda" if torch.cuda.is_available() else "cpu"); diffusers.AutoencoderKLTemporalDecoder'

/** The device on which this Python's torch computes; `null` if it has no torch or no diffusers. */
const probePython = async (python: string): Promise<string | null> => {
  const { stdout, failed } = await execa(python, ['-c', PROBE], {
    reject: false,
    timeout: 60_000,
    stderr: 'ignore',
  })
  return failed ? null : stdout.trim()
}

const timeTable = (
  rows: readonly SideRow[],
  frames: { readonly step: number; readonly decode: number },
): Table => {
  const runs = rows.flatMap((row) => (row.type === 'run' ? [row] : []))
  const sides = [...new Set(runs.map(({ side }) => side))]
  const secondsOf = (side: string, what: string, warm: boolean): readonly number[] =>
    runs
      .filter((run) => run.side === side && run.what === what && run.warm === warm)
      .map(({ seconds }) => seconds)
  const ourMedians = {
    step: median(secondsOf('svd-batch', 'step', true)),
    decode: median(secondsOf('svd-batch', 'decode', true)),
  }
  return {
    title: 'In turns on one card, fp16',
    columns: [
      { key: 'what', head: 'what' },
      { key: 'side', head: 'side' },
      { key: 'runs', head: 'runs' },
      { key: 'firstSeconds', head: 'first, s', ofCard: true },
      { key: 'medianSeconds', head: 'median, s', ofCard: true },
      { key: 'minimumSeconds', head: 'minimum, s', ofCard: true },
      { key: 'ratio', head: "over svd-batch's median", digits: 3, ofCard: true },
      { key: 'reservedGigabytes', head: 'reserved by torch, GB', ofCard: true },
    ],
    rows: (['step', 'decode'] as const).flatMap((what) =>
      sides.flatMap((side): readonly Row[] => {
        const seconds = secondsOf(side, what, true)
        if (seconds.length === 0) return []
        const peaks = runs.flatMap((run) =>
          run.side === side && run.what === what ? (run.peakBytes ?? []) : [],
        )
        return [
          {
            what: what === 'step' ? `denoise step, ${frames.step} frames` : `decode, ${frames.decode} frames`,
            ...{ side, runs: seconds.length, firstSeconds: secondsOf(side, what, false)[0] ?? null },
            ...{ medianSeconds: median(seconds), minimumSeconds: Math.min(...seconds) },
            ratio: median(seconds) / ourMedians[what],
            reservedGigabytes: peaks.length === 0 ? null : Math.max(...peaks) / GIGABYTE,
          },
        ]
      }),
    ),
  }
}

/** The rule of the float16 goldens, at full size and on the card. */
const errorTable = (rows: readonly SideRow[]): Table & { readonly rows: readonly Row[] } => ({
  title: 'Errors against diffusers in float32 on the same card',
  columns: [
    { key: 'what', head: 'what' },
    { key: 'ourTypical', head: 'svd-batch fp16: RMS, or mean of 255', digits: 3, ofCard: true },
    { key: 'theirTypical', head: "diffusers fp16's", digits: 3, ofCard: true },
    { key: 'ourLargest', head: 'largest', digits: 3, ofCard: true },
    { key: 'theirLargest', head: "diffusers fp16's", digits: 3, ofCard: true },
    { key: 'ok', head: 'ok', ofCard: true },
  ],
  rows: rows.flatMap((row) => {
    if (row.type !== 'error') return []
    const { what, count, ours, theirs } = row
    const typicalAllowance = what === 'step' ? rmsAllowance(count) : MAXIMUM_ALLOWANCE
    return [
      {
        what: what === 'step' ? 'denoise step' : 'decode',
        ...{ ourTypical: ours.typical, theirTypical: theirs.typical },
        ...{ ourLargest: ours.largest, theirLargest: theirs.largest },
        ok:
          ours.typical <= typicalAllowance * theirs.typical &&
          ours.largest <= MAXIMUM_ALLOWANCE * theirs.largest,
      },
    ]
  }),
})

const skipped = (note: string): Findings => ({ skipped: true, tables: [], notes: [note], failures: [] })

export const diffusersPart = (
  machine: Machine,
  model: LargeModel,
  { python = machine.environment['SVD_PYTHON'] ?? 'python3', compile }: { python?: string; compile: boolean },
): Part => ({
  name: 'diffusers',
  leastSeconds: 60,
  // torch.compile alone may take minutes for each network.
  mostSeconds: compile ? 900 : 200,
  async run(signal) {
    const torchDevice = await probePython(python)
    if (torchDevice === null)
      return skipped(`${python} has no torch or no diffusers; --python takes another.`)
    if (torchDevice === 'cpu' && !machine.standIn) return skipped(`torch of ${python} has no CUDA.`)
    const { freeBytes } = await readCard(machine)
    if (freeBytes < NEEDED_BYTES && !machine.standIn) {
      return skipped(
        `both sides together take ${NEEDED_BYTES / GIGABYTE} GB, and ${(freeBytes / GIGABYTE).toFixed(0)} are free.`,
      )
    }
    const choice = choiceOf(machine, 'fp16')
    const request = await model.request(choice, decodeChunkFor(freeBytes))
    const { rows, fault } = await runTask(machine, {
      task: 'diffusers-task.ts',
      request: {
        ...{ ...request, python, compile, values: !machine.standIn },
        reference: machine.standIn || freeBytes >= NEEDED_FOR_FLOAT32_BYTES,
        rounds: machine.standIn ? 1 : ROUNDS,
      },
      ...{ choice, rows: rowSchema, signal },
    })
    const errors = errorTable(rows)
    const memory = rows.flatMap((row) => (row.type === 'memory' ? [row] : []))
    const versions = rows.flatMap((row) => (row.type === 'versions' ? Object.entries(row.versions) : []))
    return {
      tables: [timeTable(rows, { step: request.numFrames, decode: request.decodeChunk }), errors],
      notes: [
        versions.map(([name, version]) => `${name} ${version}`).join(', '),
        "diffusers' times have tensors on the card on both ends; ours begin and end in the host's memory.",
        ...(machine.standIn
          ? []
          : memory.map(
              ({ what, usedBytes }) =>
                `svd-batch has ${(usedBytes / GIGABYTE).toFixed(1)} GB of the card after its first ${what}, with all that ran before.`,
            )),
      ],
      failures: [
        ...(fault === null ? [] : [fault]),
        ...(machine.standIn
          ? []
          : errors.rows
              .filter(({ ok }) => ok !== true)
              .map(({ what }) => `${what} errs more than diffusers in float16`)),
      ],
    }
  },
})
