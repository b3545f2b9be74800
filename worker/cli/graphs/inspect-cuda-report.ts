import { formatBytes, formatCount, formatTera } from '../../../shared/size-text.ts'
import { CUDA_LIBRARIES_HOST_BYTES } from '../../engine/memory/device-memory.ts'
import { cardBytes, isTooSmall } from '../../plan/card-memory.ts'
import { REACHED } from '../../plan/roofline.ts'
import { linedTable } from '../terminal/lined-table.ts'
import type { MemoryNeeds } from './card-memory-needs.ts'
import { type ClipStatistics, type GraphCount, referenceFlopsOf } from './clip-statistics.ts'
import type { CardCount } from './inspect-cards.ts'
import { formatMemoryFit } from './memory-fit-text.ts'
import { formatRange, formatShort } from './range-text.ts'

export interface CudaCount {
  readonly memory: MemoryNeeds
  readonly cards: readonly CardCount[]
}

/** Keys that a graph's entry has on top with `--target cuda`. */
export const cudaGraphAsJson = ({ work }: GraphCount) => ({
  session_weight_bytes: work.sessionWeightBytes,
  moved_bytes: work.movedBytes,
  tensor_core_flops: work.tensorCoreFlops,
  limit_faults: work.limitFaults,
})

/** Keys that the whole has on top. */
export const cudaAsJson = ({ memory, cards }: CudaCount) => ({
  memory: {
    resident_bytes: memory.resident,
    offload_bytes: memory.offload,
    low_vram_bytes: memory.lowVram,
    smaller_chunks: memory.smallerChunks.map(({ decodeChunk, bytes }) => ({
      decode_chunk_size: decodeChunk,
      bytes,
    })),
    fp32_decode_bytes: memory.exactDecode,
    host: {
      resident_bytes: Math.round(memory.host.resident),
      offload_bytes: Math.round(memory.host.offload),
      low_vram_bytes: Math.round(memory.host.lowVram),
    },
  },
  basis: 'counted',
  reached: REACHED,
  cards: cards.map(({ gpu, stepSeconds, clipSeconds, limit, fit }) => ({
    gpu: gpu.name,
    fp16_tflops: gpu.fp16Tflops,
    fp32_tflops: gpu.fp32Tflops,
    memory_gb_per_second: gpu.memoryGbPerSecond,
    card_bytes: cardBytes(gpu.memoryMib),
    seconds_per_step: stepSeconds,
    seconds_per_clip: clipSeconds,
    limit,
    fits: isTooSmall(fit) ? null : fit.way,
    decode_chunk_size: fit.decodeChunk,
    needed_bytes: fit.bytes,
  })),
})

const percent = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`

export const cudaGraphTable = ({ graphs }: ClipStatistics): string =>
  linedTable(
    ['graph', 'runs', 'nodes', 'TFLOPs', 'reference', 'tensor cores', 'moved', 'weights', 'peak memory'],
    graphs.map((graph) => [
      graph.name,
      String(graph.runsPerClip),
      formatCount(graph.nodes),
      formatTera(graph.flops),
      formatTera(referenceFlopsOf(graph)),
      percent(graph.work.tensorCoreFlops, graph.flops),
      formatBytes(graph.work.movedBytes),
      formatBytes(graph.work.sessionWeightBytes),
      formatBytes(graph.peakActivationBytes),
    ]),
  )

const needLines = (needs: readonly (readonly [mode: string, bytes: number])[]): string =>
  needs.map(([mode, bytes]) => `  ${formatBytes(bytes).padStart(7)}  ${mode}`).join('\n')

const memoryText = ({ resident, offload, lowVram, smallerChunks, exactDecode }: MemoryNeeds): string =>
  needLines([
    ['resident', resident],
    ['offload', offload],
    ['low-vram', lowVram],
    ...smallerChunks.map(
      ({ decodeChunk, bytes }) => [`low-vram, --decode-chunk-size ${decodeChunk}`, bytes] as const,
    ),
    ...(exactDecode === null
      ? []
      : [
          [
            'a chunk that overflows in fp16, once more in fp32 (else in shorter chunks)',
            exactDecode,
          ] as const,
        ]),
  ])

const hostText = ({ host }: MemoryNeeds): string =>
  needLines([
    ['resident', host.resident],
    ['offload', host.offload],
    ['low-vram', host.lowVram],
  ])

const cardTable = (cards: readonly CardCount[]): string =>
  linedTable(
    ['card', 's/step', 's/clip', 'limited by', 'memory'],
    cards.map(({ gpu, stepSeconds, clipSeconds, limit, fit }) => [
      gpu.name,
      formatRange(stepSeconds, formatShort),
      formatRange(clipSeconds, formatShort),
      limit,
      formatMemoryFit(fit, gpu.memoryMib),
    ]),
  )

const share = (of: 'tensorCores' | 'bandwidth'): string =>
  `${Math.round(100 * REACHED.slow[of])} to ${Math.round(100 * REACHED.fast[of])} %`

const limitText = (graphs: readonly GraphCount[]): readonly string[] => {
  const lines = graphs.flatMap(({ name, work: { limitFaults } }) => {
    const [first] = limitFaults
    return first === undefined
      ? []
      : [`  ${name}: ${limitFaults.length} times, first ${first.node}: ${first.rule}`]
  })
  return lines.length === 0
    ? []
    : [
        'no card runs these graphs, whatever its memory (take a smaller size, or decode fewer frames at once):',
        ...lines,
      ]
}

/** Sections that follow the tables of every target. */
export const cudaSections = ({ graphs }: ClipStatistics, { memory, cards }: CudaCount): readonly string[] => [
  ...limitText(graphs),
  'GPU memory by mode, predicted (weights, arena, and 600 MiB for CUDA itself):',
  memoryText(memory),
  `host memory by mode, predicted (of it ${formatBytes(CUDA_LIBRARIES_HOST_BYTES)} allowed for NVIDIA's libraries):`,
  hostText(memory),
  'seconds, counted and not measured:',
  cardTable(cards),
  `tensor cores at ${share('tensorCores')} of the data sheet's dense peak, memory at ${share('bandwidth')} of its bandwidth`,
]
