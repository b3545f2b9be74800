import { z } from 'zod'
import { median } from '../../bench/comparison.ts'
import type { LargeModel } from '../large-model.ts'
import { choiceOf, type Machine, readCard } from '../machine.ts'
import { type MemorySamples, noMemorySamples, openMemorySamples } from '../memory-samples.ts'
import type { Column, Row, Table } from '../report.ts'
import type { Part } from '../run-parts.ts'
import { runTask } from '../run-task.ts'
import { type NetworkRow, networkRowSchema } from '../timed-sessions.ts'

const clipRowSchema = z.object({
  type: z.literal('clip'),
  load: z.number(),
  encodeImage: z.number(),
  denoise: z.number(),
  decode: z.number(),
  steps: z.int(),
  frames: z.int(),
  bytes: z.int(),
  nonFiniteValues: z.number(),
  /** The smallest of all bytes. */
  smallest: z.int(),
  largest: z.int(),
})
const chunkFailedSchema = z.object({
  type: z.literal('chunk-failed'),
  chunk: z.int(),
  message: z.string(),
})
const rowSchema = z.discriminatedUnion('type', [networkRowSchema, clipRowSchema, chunkFailedSchema])
type XtRow = z.infer<typeof rowSchema>

/** One that plans, six that count. */
const STEPS = 7
const GIGABYTE = 1e9

/** Frames decoded at once on a card of this size: 8 frames of SVD-XT take 8.7 GB by the memory planner, 4 take 4.4. */
export const decodeChunkFor = (freeBytes: number): number => {
  if (freeBytes >= 20 * GIGABYTE) return 8
  return freeBytes >= 12 * GIGABYTE ? 4 : 2
}

/** Larger chunks, where the card has room for them: 13 and 17.3 GB by the memory planner. */
const moreChunksFor = (freeBytes: number): readonly number[] => [
  ...(freeBytes >= 20 * GIGABYTE ? [14] : []),
  ...(freeBytes >= 24 * GIGABYTE ? [25] : []),
]

const COLUMNS: readonly Column[] = [
  { key: 'network', head: 'network' },
  { key: 'nodes', head: 'nodes' },
  { key: 'teraflop', head: 'TFLOP' },
  { key: 'prepareSeconds', head: 'prepare weights, s', ofCard: true },
  { key: 'openSeconds', head: 'open session, s', ofCard: true },
  { key: 'firstSeconds', head: 'first run, s', ofCard: true },
  { key: 'laterRuns', head: 'later runs' },
  { key: 'medianSeconds', head: 'median, s', ofCard: true },
  { key: 'minimumSeconds', head: 'minimum, s', ofCard: true },
  { key: 'teraflops', head: 'TFLOP/s', digits: 3, ofCard: true },
  { key: 'peakGigabytes', head: 'peak, GB', ofCard: true },
  { key: 'aliveGigabytes', head: 'weights and live tensors, GB' },
  { key: 'predictedGigabytes', head: 'predicted, GB' },
  { key: 'nonFiniteValues', head: 'not finite', ofCard: true },
]

const rowOf = (network: NetworkRow, samples: MemorySamples): Row => {
  const [firstSeconds = null, ...later] = network.runSeconds
  const minimumSeconds = later.length === 0 ? null : Math.min(...later)
  const peakBytes = samples.peakBytes(network.fromMs, network.untilMs)
  return {
    ...{ network: network.network, nodes: network.nodes, teraflop: network.flops / 1e12 },
    ...{ prepareSeconds: network.prepareSeconds, openSeconds: network.openSeconds, firstSeconds },
    laterRuns: later.length,
    medianSeconds: later.length === 0 ? null : median(later),
    minimumSeconds,
    teraflops: later.length === 0 ? null : network.flops / 1e12 / median(later),
    peakGigabytes: peakBytes === null ? null : peakBytes / GIGABYTE,
    aliveGigabytes: (network.weightBytes + network.aliveBytes) / GIGABYTE,
    predictedGigabytes: network.predictedBytes / GIGABYTE,
    nonFiniteValues: network.nonFiniteValues,
  }
}

const clipTable = (rows: readonly XtRow[]): Table => ({
  title: 'The clip by phases, as `svd render` has them: with planning, without what makes sessions (load)',
  columns: [
    { key: 'steps', head: 'steps' },
    { key: 'frames', head: 'frames' },
    ...['load', 'encodeImage', 'denoise', 'decode'].map((key) => ({ key, head: `${key}, s`, ofCard: true })),
    { key: 'nonFiniteValues', head: 'not finite', ofCard: true },
    { key: 'smallest', head: 'bytes from', ofCard: true },
    { key: 'largest', head: 'to', ofCard: true },
  ],
  rows: rows.flatMap(({ type, ...row }) => (type === 'clip' ? [row as Row] : [])),
})

const OUT_OF_MEMORY = /Failed to allocate memory|CUDA failure 2\b|out of memory/

export const xtPart = (machine: Machine, model: LargeModel): Part => ({
  name: 'xt',
  leastSeconds: 60,
  mostSeconds: 220,
  async run(signal) {
    const choice = choiceOf(machine, 'fp16')
    const { freeBytes } = await readCard(machine)
    const writing = performance.now()
    const request = await model.request(choice, decodeChunkFor(freeBytes))
    const writeSeconds = (performance.now() - writing) / 1000
    await using samples = machine.standIn ? noMemorySamples : await openMemorySamples(machine.card.uuid)
    const moreChunks = moreChunksFor(freeBytes).filter((chunk) => chunk <= request.numFrames)
    const { rows, fault } = await runTask(machine, {
      task: 'xt-task.ts',
      request: { ...request, steps: STEPS, moreChunks },
      ...{ choice, rows: rowSchema, signal },
    })
    const networks = rows.flatMap((row) => (row.type === 'network' ? [row] : []))
    const clips = rows.flatMap((row) => (row.type === 'clip' ? [row] : []))
    const failed = rows.flatMap((row) => (row.type === 'chunk-failed' ? [row] : []))
    const spoilt = machine.standIn ? [] : networks.filter(({ nonFiniteValues }) => nonFiniteValues > 0)
    const expectedBytes = request.numFrames * request.width * request.height * 3
    return {
      tables: [
        { title: `${model.title}, fp16`, columns: COLUMNS, rows: networks.map((row) => rowOf(row, samples)) },
        clipTable(rows),
      ],
      notes: [
        'Sessions are strict: a node that had to run on the CPU would have failed the part.',
        ...(machine.standIn ? [] : [`The checkpoint was written in ${writeSeconds.toFixed(1)} s.`]),
        ...failed
          .filter(({ message }) => OUT_OF_MEMORY.test(message))
          .map(({ chunk }) => `A chunk of ${chunk} frames does not fit in the card's memory.`),
      ],
      failures: [
        ...(fault === null ? [] : [fault]),
        ...spoilt.map(
          ({ network, nonFiniteValues }) => `${network} gave ${nonFiniteValues} values that are not finite`,
        ),
        ...clips
          .filter(({ smallest, largest }) => !machine.standIn && smallest === largest)
          .map(({ smallest }) => `every byte of the clip is ${smallest}`),
        ...clips
          .filter(({ bytes }) => bytes !== expectedBytes)
          .map(({ bytes }) => `the clip has ${bytes} bytes; must be ${expectedBytes}`),
        ...failed
          .filter(({ message }) => !OUT_OF_MEMORY.test(message))
          .map(({ chunk, message }) => `a chunk of ${chunk} frames: ${message}`),
      ],
    }
  },
})
