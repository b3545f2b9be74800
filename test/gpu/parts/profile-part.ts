import { z } from 'zod'
import type { LargeModel } from '../large-model.ts'
import { choiceOf, type Machine, readCard } from '../machine.ts'
import type { Column, Row, Table } from '../report.ts'
import type { Part } from '../run-parts.ts'
import { runTask } from '../run-task.ts'
import { decodeChunkFor } from './xt-part.ts'

const opSchema = z.object({
  type: z.literal('op'),
  graph: z.string(),
  /** Time of all nodes of the graph. */
  totalSeconds: z.number(),
  op: z.string(),
  count: z.int(),
  seconds: z.number(),
  bytes: z.number(),
  flops: z.number(),
})
const nodeSchema = z.object({
  type: z.literal('node'),
  graph: z.string(),
  node: z.string(),
  op: z.string(),
  provider: z.string(),
  inputs: z.string(),
  seconds: z.number(),
  bytes: z.number(),
  flops: z.number(),
})
const failedSchema = z.object({ type: z.literal('profile-failed'), graph: z.string(), message: z.string() })
const rowSchema = z.discriminatedUnion('type', [opSchema, nodeSchema, failedSchema])
type ProfileRow = z.infer<typeof rowSchema>

const GIGABYTE = 1e9
const SLOWEST = 30
/** The temporal group norm has its input, its output and a copy in memory, and ONNX Runtime's arena rounds up. */
const ROOM_FOR_25_FRAMES = 30 * GIGABYTE

const RATES: readonly Column[] = [
  { key: 'milliseconds', head: 'ms', ofCard: true },
  { key: 'gigabytesPerSecond', head: 'GB/s', digits: 3, ofCard: true },
  { key: 'teraflops', head: 'TFLOP/s', digits: 3, ofCard: true },
]

const ratesOf = ({ seconds, bytes, flops }: { seconds: number; bytes: number; flops: number }): Row => ({
  milliseconds: seconds * 1000,
  gigabytesPerSecond: seconds > 0 ? bytes / GIGABYTE / seconds : null,
  teraflops: flops > 0 && seconds > 0 ? flops / 1e12 / seconds : null,
})

const opTable = (graph: string, rows: readonly ProfileRow[]): Table => ({
  title: `${graph}: time by op`,
  columns: [
    { key: 'op', head: 'op' },
    { key: 'count', head: 'nodes' },
    { key: 'share', head: '% of the time', digits: 3, ofCard: true },
    ...RATES,
  ],
  rows: rows.flatMap((row) =>
    row.type === 'op' && row.graph === graph
      ? [{ op: row.op, count: row.count, share: (100 * row.seconds) / row.totalSeconds, ...ratesOf(row) }]
      : [],
  ),
})

const nodeTable = (graph: string, rows: readonly ProfileRow[]): Table => ({
  title: `${graph}: the slowest nodes`,
  columns: [
    { key: 'node', head: 'node' },
    { key: 'op', head: 'op' },
    { key: 'inputs', head: 'inputs' },
    ...RATES,
  ],
  rows: rows.flatMap((row) =>
    row.type === 'node' && row.graph === graph
      ? [{ node: row.node, op: row.op, inputs: row.inputs, ...ratesOf(row) }]
      : [],
  ),
})

export const profilePart = (machine: Machine, model: LargeModel): Part => ({
  name: 'profile',
  leastSeconds: 40,
  mostSeconds: 120,
  async run(signal) {
    const choice = choiceOf(machine, 'fp16')
    const { freeBytes } = await readCard(machine)
    const request = await model.request(choice, decodeChunkFor(freeBytes))
    const normFrames = Math.min(request.numFrames, freeBytes >= ROOM_FOR_25_FRAMES ? 25 : 8)
    const { rows, fault } = await runTask(machine, {
      task: 'profile-task.ts',
      request: { ...request, normFrames, slowest: SLOWEST, productSize: machine.standIn ? 1024 : 8192 },
      env: { CUDA_LAUNCH_BLOCKING: '1' },
      ...{ choice, rows: rowSchema, signal },
    })
    const graphs = [...new Set(rows.flatMap((row) => (row.type === 'profile-failed' ? [] : [row.graph])))]
    const failed = rows.flatMap((row) => (row.type === 'profile-failed' ? [row] : []))
    const onCpu = rows.flatMap((row) =>
      row.type === 'node' && row.provider !== 'CUDAExecutionProvider' ? [`${row.graph}, ${row.node}`] : [],
    )
    return {
      tables: graphs.flatMap((graph) => [
        opTable(graph, rows),
        ...(machine.standIn ? [] : [nodeTable(graph, rows)]),
      ]),
      notes: [
        'Kernels run one at a time (CUDA_LAUNCH_BLOCKING=1) and nodes are timed on the host: about 10 µs of each is not the card.',
        'GB/s: what a node reads and writes once. The copy (Mul) beside the group norm is what the card gives at best, ' +
          'the product and the convolution alone likewise for TFLOP/s.',
        `The group norm alone is [1, ${normFrames}, ${request.height * request.width}, 128].`,
      ],
      failures: [
        ...(fault === null ? [] : [fault]),
        ...failed.map(({ graph, message }) => `${graph}: ${message}`),
        ...onCpu.map((node) => `${node} ran on the CPU`),
      ],
    }
  },
})
