import { describe, expect, test } from 'vitest'
import { createGraph, type Graph, type Node } from '../../../../worker/compiler/graph/graph.ts'
import { nodeWork } from '../../../../worker/compiler/graph/node-work.ts'
import type { DType, Value } from '../../../../worker/compiler/graph/value.ts'
import { multiHeadAttention, packedMultiHeadAttention } from '../../../../worker/compiler/ops/attention.ts'
import { conv } from '../../../../worker/compiler/ops/conv.ts'
import { add } from '../../../../worker/compiler/ops/elementwise.ts'
import { gemm, matmul, matmulTransposed } from '../../../../worker/compiler/ops/matmul.ts'
import { nhwcConv } from '../../../../worker/compiler/ops/nhwc-conv.ts'
import { reshape } from '../../../../worker/compiler/ops/shape.ts'

type Inputs = (shape: readonly number[]) => Value

/** The last node that `record` makes of inputs of one type. */
const nodeOf = (dtype: DType, record: (g: Graph, of: Inputs) => unknown): Node => {
  const g = createGraph('g')
  record(g, (shape) => g.input('x', shape, dtype))
  const node = g.nodes.at(-1)
  if (node === undefined) throw new Error('nothing recorded')
  return node
}

describe('the bytes of a node', () => {
  test('are those of its inputs and outputs, in their types', () => {
    // 6 + 12 + 4 + 8 numbers
    const product: Parameters<typeof nodeOf>[1] = (g, of) => gemm(g, of([2, 3]), of([4, 3]), of([4]))
    expect(nodeWork(nodeOf('float16', product))).toMatchObject({ flops: 2 * 2 * 3 * 4, bytes: 2 * 30 })
    expect(nodeWork(nodeOf('float32', product))).toMatchObject({ flops: 2 * 2 * 3 * 4, bytes: 4 * 30 })
  })

  test('count a broadcast operand once, in its own size', () => {
    const node = nodeOf('float16', (g, of) => add(g, of([2, 100, 8]), of([8])))
    expect(nodeWork(node)).toEqual({ flops: 0, bytes: 2 * (1600 + 8 + 1600), usesTensorCores: false })
  })

  test('are zero if the node only renames a value', () => {
    expect(nodeWork(nodeOf('float16', (g, of) => reshape(g, of([4, 6]), [24]))).bytes).toBe(0)
    expect(nodeWork(nodeOf('float16', (g, of) => g.output('y', of([4, 6])))).bytes).toBe(0)
  })

  test('leave out absent inputs', () => {
    const node = nodeOf('float16', (g, of) =>
      g.node({ op: 'Clip', inputs: [of([8]), null], outputs: [{ shape: [8], dtype: 'float16' }] }),
    )
    expect(nodeWork(node).bytes).toBe(2 * 16)
  })
})

/** Square 3x3 convolution of [1, .., 5, 5] from `into` to `out` channels. */
const nhwc = (into: number, out: number) => (g: Graph, of: Inputs) =>
  nhwcConv(g, of([1, 5, 5, into]), {
    weight: of([out, 3, 3, into]),
    strides: [1, 1],
    pads: [1, 1, 1, 1],
  })
const nchw = (into: number, out: number) => (g: Graph, of: Inputs) =>
  conv(g, of([1, into, 5, 5]), {
    ...{ weight: of([out, into, 3, 3]), bias: null },
    ...{ strides: [1, 1], pads: [1, 1, 1, 1] },
  })
const attention = (hidden: number, heads: number) => (g: Graph, of: Inputs) =>
  multiHeadAttention(g, of([1, 9, hidden]), of([1, 7, hidden]), of([1, 7, hidden]), heads)
const packedAttention = (size: number) => (g: Graph, of: Inputs) =>
  packedMultiHeadAttention(g, of([1, 9, 2, 3, size]))

describe('nodeWork', () => {
  test.each([
    ['an NHWC convolution of 8 to 16 channels', nhwc(8, 16), true],
    ['an NHWC convolution of 4 to 16 channels', nhwc(4, 16), false],
    ['an NHWC convolution of 8 to 3 channels', nhwc(8, 3), false],
    ['an NCHW convolution of 8 to 16 channels', nchw(8, 16), true],
    ['an NCHW convolution of 3 to 8 channels', nchw(3, 8), false],
    ['a Gemm with K 16 and N 8', (g: Graph, of: Inputs) => gemm(g, of([5, 16]), of([8, 16]), null), true],
    ['a Gemm with K 12', (g: Graph, of: Inputs) => gemm(g, of([5, 12]), of([8, 12]), null), false],
    ['a MatMul with K 8 and N 16', (g: Graph, of: Inputs) => matmul(g, of([5, 8]), of([8, 16])), true],
    ['a MatMul with N 12', (g: Graph, of: Inputs) => matmul(g, of([5, 8]), of([8, 12])), false],
    [
      'a FusedMatMul with K 8 and N 24',
      (g: Graph, of: Inputs) => matmulTransposed(g, of([2, 5, 8]), of([24, 8])),
      true,
    ],
    ['attention with heads of 40', attention(80, 2), true],
    ['packed attention with heads of 40', packedAttention(40), true],
    ['packed attention with heads of 12', packedAttention(12), false],
    ['attention with heads of 20', attention(80, 4), false],
    ['an addition', (g: Graph, of: Inputs) => add(g, of([8, 8]), of([8, 8])), false],
  ] as const)('sets usesTensorCores of %s in float16 to $2', (_, record, used) => {
    expect(nodeWork(nodeOf('float16', record)).usesTensorCores).toBe(used)
  })

  test('sets usesTensorCores to false in float32', () => {
    expect(nodeWork(nodeOf('float32', nhwc(8, 16))).usesTensorCores).toBe(false)
    expect(nodeWork(nodeOf('float32', attention(80, 2))).usesTensorCores).toBe(false)
  })
})
