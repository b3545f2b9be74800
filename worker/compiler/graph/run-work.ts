import type { Graph } from './graph.ts'
import { nodeWork } from './node-work.ts'
import { preparationNodes } from './weight-preparation.ts'

/** Work of one run of a graph on a card. It does not include the preparation of weights. */
export interface RunWork {
  /** 2 per multiply-add of convolutions, matrix products and attention. */
  readonly flops: number
  /** The part of `flops` that tensor cores compute. */
  readonly tensorCoreFlops: number
  /** Bytes that convolutions, matrix products and attention read and write, weights included. */
  readonly productBytes: number
  /** Bytes that all other nodes read and write. */
  readonly elementwiseBytes: number
  /** The same by op; the op that moves the most comes first. */
  readonly elementwiseBytesByOp: Readonly<Record<string, number>>
}

/**
 * Sums the work of the nodes that a session runs.
 *
 *     const { flops, tensorCoreFlops } = runWork(graphs.denoiseStep())
 */
export const runWork = (graph: Graph): RunWork => {
  const prepared = preparationNodes(graph)
  const total = { flops: 0, tensorCoreFlops: 0, productBytes: 0, elementwiseBytes: 0 }
  const byOp = new Map<string, number>()
  for (const node of graph.nodes) {
    if (prepared.has(node)) continue
    const { flops, bytes, usesTensorCores } = nodeWork(node)
    total.flops += flops
    if (usesTensorCores) total.tensorCoreFlops += flops
    if (flops > 0) {
      total.productBytes += bytes
    } else {
      total.elementwiseBytes += bytes
      if (bytes > 0) byOp.set(node.op, (byOp.get(node.op) ?? 0) + bytes)
    }
  }
  const elementwiseBytesByOp = Object.fromEntries([...byOp].toSorted(([, a], [, b]) => b - a))
  return { ...total, elementwiseBytesByOp }
}
