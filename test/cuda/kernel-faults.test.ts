import { describe, expect, test } from 'vitest'
import { OPSET_VERSION } from '../../worker/compiler/graph/encode-onnx.ts'
import { createGraph, type Graph, type NodeSpec } from '../../worker/compiler/graph/graph.ts'
import type { DType, Value } from '../../worker/compiler/graph/value.ts'
import { KERNEL_TABLE, kernelFaults } from './kernel-faults.ts'

const cuda = { provider: 'CUDAExecutionProvider' } as const

/** One node between an input and an output, both of `dtype` and `shape`. */
const oneNode = (
  op: string,
  {
    domain = '',
    dtype = 'float32',
    shape = [2, 4, 4, 64],
    more = [],
  }: {
    domain?: NonNullable<NodeSpec['domain']>
    dtype?: DType
    shape?: readonly number[]
    more?: readonly (Value | null)[]
  } = {},
): Graph => {
  const g = createGraph('one')
  const x = g.input('x', shape, dtype)
  const [y] = g.node({ op, domain, inputs: [x, ...more], outputs: [{ shape, dtype }] })
  g.output('y', y!)
  return g
}

test('the kernel table is for the opset in which graphs are written', () => {
  expect(KERNEL_TABLE.opset).toBe(OPSET_VERSION)
})

describe('kernelFaults on CUDA accepts', () => {
  test('a graph whose ops all have a kernel, in float16 and across domains', () => {
    const g = createGraph('good')
    const shape = [2, 8, 8, 64]
    const half = { shape, dtype: 'float16' } as const
    const x = g.input('x', shape)
    const scale = g.inline(new Float32Array(64), [64])
    const [a] = g.node({ op: 'Cast', inputs: [x], outputs: [half], attributes: { to: 10 } })
    const [b] = g.node({
      op: 'GroupNorm',
      domain: 'com.microsoft',
      inputs: [a!, scale, scale],
      outputs: [half],
      attributes: { groups: 32, activation: 1 },
    })
    const sizes = g.inline(BigInt64Array.of(2n, 64n, 64n), [3])
    const [c] = g.node({
      op: 'Reshape',
      inputs: [b!, sizes],
      outputs: [{ shape: [2, 64, 64], dtype: 'float16' }],
    })
    const [d] = g.node({
      op: 'MultiHeadAttention',
      domain: 'com.microsoft',
      inputs: [c!, c!, c!],
      outputs: [{ shape: [2, 64, 64], dtype: 'float16' }],
      attributes: { num_heads: 1 },
    })
    g.output('y', d!)
    expect(kernelFaults(g, cuda)).toEqual([])
  })

  test('several inputs of an op that takes any number of them, and omitted inputs', () => {
    const g = createGraph('many')
    const x = g.input('x', [2, 4], 'float16')
    const [y] = g.node({ op: 'Concat', inputs: [x, x, x], outputs: [{ shape: [2, 12], dtype: 'float16' }] })
    const [z] = g.node({
      op: 'Clip',
      inputs: [y!, null, null],
      outputs: [{ shape: [2, 12], dtype: 'float16' }],
    })
    g.output('z', z!)
    expect(kernelFaults(g, cuda)).toEqual([])
  })
})

describe('kernelFaults on CUDA names the node', () => {
  test('of an op without a kernel', () => {
    expect(kernelFaults(oneNode('Tan'), cuda)).toEqual([
      { node: 'Tan', op: 'Tan', message: 'CUDAExecutionProvider has no kernel of Tan' },
    ])
  })

  test('of an op that does not exist in this opset', () => {
    expect(kernelFaults(oneNode('Swish'), cuda)).toEqual([
      { node: 'Swish', op: 'Swish', message: 'Swish is not an op at opset 20' },
    ])
  })

  test('of an op whose kernels take other types', () => {
    const pad = oneNode('Pad', { dtype: 'int64', more: [{ name: 'pads', dtype: 'int64', shape: [8] }] })
    expect(kernelFaults(pad, cuda)).toEqual([
      {
        node: 'Pad',
        op: 'Pad',
        message:
          'CUDAExecutionProvider has no kernel of Pad for data int64, pads int64, output int64; ' +
          'it accepts {"T":["bool","double","float","float16"]}',
      },
    ])
  })

  test('of an op of ONNX Runtime itself whose kernels take other types', () => {
    const faults = kernelFaults(oneNode('GroupNorm', { domain: 'com.microsoft', dtype: 'bfloat16' }), cuda)
    expect(faults.map(({ node }) => node)).toEqual(['GroupNorm'])
    expect(faults[0]?.message).toContain('no kernel of com.microsoft.GroupNorm for X bfloat16')
  })

  test('with the fault, and no other node of the graph', () => {
    const g = createGraph('mixed')
    const x = g.input('x', [4])
    const [a] = g.node({ op: 'Sin', inputs: [x], outputs: [x] })
    const [b] = g.within('down_blocks.0', () => g.node({ op: 'Tan', inputs: [a!], outputs: [x] }))
    const [c] = g.node({ op: 'Cos', inputs: [b!], outputs: [x] })
    g.output('y', c!)
    expect(kernelFaults(g, cuda).map(({ node }) => node)).toEqual(['down_blocks.0/Tan'])
  })
})

describe('a kernel', () => {
  test('supports versions up to its last one', () => {
    expect(kernelFaults(oneNode('Scatter'), cuda).map(({ message }) => message)).toEqual([
      'CUDAExecutionProvider has no kernel of Scatter version 11; it has versions 9–10',
    ])
  })

  test('supports its own version alone if it has no last version', () => {
    expect(kernelFaults(oneNode('Affine'), cuda).map(({ message }) => message)).toEqual([
      'CUDAExecutionProvider has no kernel of Affine version 10; it has versions 1',
    ])
  })
})

test('kernelFaults uses the kernels of the given provider', () => {
  const blocked = oneNode('Conv', { domain: 'com.microsoft.nchwc' })
  expect(kernelFaults(blocked, { provider: 'CPUExecutionProvider' })).toEqual([])
  expect(kernelFaults(blocked, cuda).map(({ message }) => message)).toEqual([
    'CUDAExecutionProvider has no kernel of com.microsoft.nchwc.Conv',
  ])
})
