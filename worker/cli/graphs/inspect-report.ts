import { formatBytes, formatCount, formatTera } from '../../../shared/size-text.ts'
import type { ClipShape } from '../../compiler/clip-shape.ts'
import type { ClipDevice } from '../../device/clip-device.ts'
import { deviceAsJson, deviceText } from '../device-report.ts'
import { linedTable } from '../terminal/lined-table.ts'
import { clipShapeAsJson, clipShapeText } from './clip-shape.ts'
import { type ClipStatistics, type GraphCount, referenceFlopsOf } from './clip-statistics.ts'
import {
  type CudaCount,
  cudaAsJson,
  cudaGraphAsJson,
  cudaGraphTable,
  cudaSections,
} from './inspect-cuda-report.ts'

export interface Inspection {
  readonly checkpoint: string
  /** Whose graphs are counted; `null`: those of a target that was asked for. */
  readonly device: ClipDevice | null
  /** False: configs alone. */
  readonly hasWeights: boolean
  readonly shape: ClipShape
  readonly statistics: ClipStatistics
  /** `null` if the target is not CUDA. */
  readonly cuda: CudaCount | null
}

const clipTotal = (graphs: readonly GraphCount[], flopsOf: (graph: GraphCount) => number): number =>
  graphs.reduce((total, graph) => total + graph.runsPerClip * flopsOf(graph), 0)

const totals = ({ graphs }: ClipStatistics) => {
  const step = graphs.find(({ name }) => name === 'denoise_step')
  return {
    step: { flops: step?.flops ?? 0, reference_flops: step === undefined ? 0 : referenceFlopsOf(step) },
    clip: {
      flops: clipTotal(graphs, ({ flops }) => flops),
      reference_flops: clipTotal(graphs, referenceFlopsOf),
    },
  }
}

/** The object that `--json` prints. FLOPs are 2 per multiply-add of convolutions, matrix products and attention. */
export const inspectionAsJson = ({
  checkpoint,
  device,
  hasWeights,
  shape,
  statistics,
  cuda,
}: Inspection) => ({
  checkpoint,
  weights: hasWeights ? 'present' : 'absent',
  target: shape.targets.name,
  device: device === null ? null : deviceAsJson(device),
  ...clipShapeAsJson(shape),
  components: Object.fromEntries(
    Object.entries(statistics.components).map(([name, { parameters, storedBytes }]) => [
      name,
      { parameters, stored_bytes: storedBytes },
    ]),
  ),
  graphs: statistics.graphs.map((graph) => ({
    name: graph.name,
    runs_per_clip: graph.runsPerClip,
    nodes: graph.nodes,
    weight_bytes: graph.weightBytes,
    flops: graph.flops,
    reference_flops: referenceFlopsOf(graph),
    avoided_flops: graph.avoidedFlops,
    flops_by_op: graph.flopsByOp,
    peak_activation_bytes: graph.peakActivationBytes,
    peak_at: graph.peakAt,
    graph_bytes: graph.graphBytes,
    ...(cuda === null ? {} : cudaGraphAsJson(graph)),
  })),
  ...totals(statistics),
  ...(cuda === null ? {} : cudaAsJson(cuda)),
  build: {
    seconds: statistics.buildSeconds,
    graph_bytes: statistics.graphs.reduce((total, { graphBytes }) => total + graphBytes, 0),
  },
})

const share = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)} %`

const componentTable = ({ components }: ClipStatistics): string =>
  linedTable(
    ['component', 'parameters', 'stored'],
    Object.entries(components).map(([name, { parameters, storedBytes }]) => [
      name,
      formatCount(parameters),
      formatBytes(storedBytes),
    ]),
  )

const graphTable = ({ graphs }: ClipStatistics): string =>
  linedTable(
    ['graph', 'runs', 'nodes', 'TFLOPs', 'reference', 'saved', 'peak memory'],
    graphs.map((graph) => {
      const reference = referenceFlopsOf(graph)
      return [
        graph.name,
        String(graph.runsPerClip),
        formatCount(graph.nodes),
        formatTera(graph.flops),
        formatTera(reference),
        share(reference - graph.flops, reference),
        formatBytes(graph.peakActivationBytes),
      ]
    }),
  )

/** Node at which the live activations add up to the most bytes. */
const peaks = ({ graphs }: ClipStatistics): string =>
  graphs.map(({ name, peakAt }) => `  ${name.padEnd(14)} ${peakAt}`).join('\n')

/** `sign` 1: FLOPs that the reference has on top; -1: FLOPs that it does not have. */
const differences = ({ graphs }: ClipStatistics, sign: 1 | -1): readonly string[] =>
  graphs.flatMap(({ name, avoidedFlops }) =>
    Object.entries(avoidedFlops)
      .filter(([, flops]) => sign * flops > 0)
      .toSorted(([, a], [, b]) => sign * (b - a))
      .map(([reason, flops]) => `  ${formatTera(sign * flops)} TFLOPs  ${name}: ${reason}`),
  )

/** Products that replace passes over memory, or without which no kernel has a plan. */
const addedWork = (statistics: ClipStatistics): readonly string[] => {
  const added = differences(statistics, -1)
  return added.length === 0 ? [] : ['added to the reference, each run:', ...added]
}

/** Text of the report: tables, then totals. */
export const formatInspection = (inspection: Inspection): string => {
  const { checkpoint, device, hasWeights, shape, statistics, cuda } = inspection
  const { step, clip } = totals(statistics)
  const graphBytes = statistics.graphs.reduce((total, graph) => total + graph.graphBytes, 0)
  const total = ({ flops, reference_flops: reference }: typeof step): string =>
    `${formatTera(flops)} TFLOPs (reference ${formatTera(reference)}, saved ${share(reference - flops, reference)})`
  return [
    `${checkpoint}${hasWeights ? '' : ' (configs only; stored sizes are those of float16)'}`,
    `${clipShapeText(shape)}, target ${shape.targets.name}${device === null ? '' : `, for ${deviceText(device)}`}`,
    componentTable(statistics),
    cuda === null ? graphTable(statistics) : cudaGraphTable(statistics),
    'node of the memory peak (activations alive at once; weights come on top):',
    peaks(statistics),
    'saved by exact algebra, each run:',
    ...differences(statistics, 1),
    ...addedWork(statistics),
    `step  ${total(step)}`,
    `clip  ${total(clip)}`,
    ...(cuda === null ? [] : cudaSections(statistics, cuda)),
    `built in ${statistics.buildSeconds.toFixed(2)} s; graphs take ${formatBytes(graphBytes)} without weights`,
    '',
  ].join('\n')
}
