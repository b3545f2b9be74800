import type { Graph } from '../compiler/graph/graph.ts'
import { statisticsOf } from '../compiler/graph/statistics.ts'
import { elementsOf, type Value } from '../compiler/graph/value.ts'
import { preparationNodes } from '../compiler/graph/weight-preparation.ts'

/*
 * What a card has to do for one run of a graph. Graphs are recorded in float32; a card works in float16, so that
 * everything takes half the bytes.
 */
const FP16_BYTES = 2
const FP32_BYTES = 4

export interface Work {
  /** 2 per multiply-add of convolutions, matrix products and attention. */
  readonly flops: number
  /** The reference's for the same result: without the algebra that this graph saves. */
  readonly referenceFlops: number
  /** Read and written if everything between two products were part of them: what no fusion gets below. */
  readonly fusedTrafficBytes: number
  /** Read and written if every op were a kernel of its own. */
  readonly unfusedTrafficBytes: number
}

export interface GraphWork extends Work {
  readonly name: string
  readonly weightBytes: number
  /** The largest sum of activations alive at once. */
  readonly activationBytes: number
}

/** These rename bytes and move none. */
const ALIASES = new Set(['Reshape', 'Identity'])

const bytesOfAll = (values: readonly (Value | null)[]): number =>
  values.reduce((total, value) => total + (value === null ? 0 : FP16_BYTES * elementsOf(value.shape)), 0)

export const graphWorkOf = (graph: Graph): GraphWork => {
  const { flops, avoidedFlops, peakActivationBytes } = statisticsOf(graph)
  const prepared = preparationNodes(graph)
  const moving = graph.nodes
    .filter((node) => !prepared.has(node) && !ALIASES.has(node.op))
    .map((node) => ({ isProduct: node.flops > 0, bytes: bytesOfAll([...node.inputs, ...node.outputs]) }))
  return {
    name: graph.name,
    flops,
    referenceFlops: Object.values(avoidedFlops).reduce((total, avoided) => total + avoided, flops),
    fusedTrafficBytes: moving.reduce((total, { isProduct, bytes }) => total + (isProduct ? bytes : 0), 0),
    unfusedTrafficBytes: moving.reduce((total, { bytes }) => total + bytes, 0),
    weightBytes: bytesOfAll(graph.constants.map(({ value }) => value)),
    activationBytes: (peakActivationBytes * FP16_BYTES) / FP32_BYTES,
  }
}

/** Of graphs that run so often each. */
export const totalWork = (graphs: readonly { readonly runsPerClip: number; readonly work: Work }[]): Work => {
  const total = (count: (work: Work) => number): number =>
    graphs.reduce((sum, { runsPerClip, work }) => sum + runsPerClip * count(work), 0)
  return {
    flops: total(({ flops }) => flops),
    referenceFlops: total(({ referenceFlops }) => referenceFlops),
    fusedTrafficBytes: total(({ fusedTrafficBytes }) => fusedTrafficBytes),
    unfusedTrafficBytes: total(({ unfusedTrafficBytes }) => unfusedTrafficBytes),
  }
}
