import type { Node } from './graph.ts'
import { bytesOf, type Value } from './value.ts'

export interface NodeWork {
  /** 2 per multiply-add; matrix products, convolutions and attention only. */
  readonly flops: number
  /** Read and written in device memory if the node is a kernel of its own: each input and each output once. */
  readonly bytes: number
  /** Whether an NVIDIA card runs the node's products in its tensor cores. */
  readonly usesTensorCores: boolean
}

/** Ops that only rename bytes. */
const ALIASES = new Set(['Reshape', 'Identity'])

/** cuDNN and cuBLAS pad or leave the tensor cores where float16 rows are not 16 bytes apart. */
const ALIGNED_ELEMENTS = 8

const bytesOfAll = (values: readonly (Value | null)[]): number =>
  values.reduce((total, value) => total + (value === null ? 0 : bytesOf(value)), 0)

/** The sizes that have to be aligned, by op; empty if the op multiplies no matrices. */
const innerSizes = ({ op, inputs, outputs, attributes }: Node): readonly (number | undefined)[] => {
  const into = inputs[0]?.shape ?? []
  const out = outputs[0]?.shape ?? []
  switch (op) {
    case 'Gemm':
    case 'MatMul':
    case 'FusedMatMul':
      return [into.at(-1), out.at(-1)]
    case 'Conv':
      return [into[1], out[1]]
    case 'NhwcConv':
      return [into[3], out[3]]
    case 'MultiHeadAttention':
      return [(out.at(-1) ?? 0) / Number(attributes['num_heads'])]
    default:
      return []
  }
}

const usesTensorCores = (node: Node): boolean => {
  const sizes = innerSizes(node)
  return (
    node.inputs[0]?.dtype === 'float16' &&
    sizes.length > 0 &&
    sizes.every((size) => size !== undefined && size % ALIGNED_ELEMENTS === 0)
  )
}

/**
 * Work of one run of a node on a card, counted from its shapes. A broadcast operand counts its own bytes, a weight
 * counts like any input, and an op that only renames bytes moves none.
 */
export const nodeWork = (node: Node): NodeWork => ({
  flops: node.flops,
  bytes: ALIASES.has(node.op) ? 0 : bytesOfAll([...node.inputs, ...node.outputs]),
  usesTensorCores: usesTensorCores(node),
})
