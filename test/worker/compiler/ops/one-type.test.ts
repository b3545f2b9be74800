import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import type { DType, Value } from '../../../../worker/compiler/graph/value.ts'
import { multiHeadAttention } from '../../../../worker/compiler/ops/attention.ts'
import { biasAdd, biasSplitGelu } from '../../../../worker/compiler/ops/bias.ts'
import { conv } from '../../../../worker/compiler/ops/conv.ts'
import { add, biasGelu } from '../../../../worker/compiler/ops/elementwise.ts'
import { skipGroupNorm } from '../../../../worker/compiler/ops/group-norm.ts'
import { gemm, matmul, matmulIntoBatches, matmulTransposed } from '../../../../worker/compiler/ops/matmul.ts'
import { nchwcConv } from '../../../../worker/compiler/ops/nchwc.ts'
import { nhwcConv } from '../../../../worker/compiler/ops/nhwc-conv.ts'
import { layerNormalization } from '../../../../worker/compiler/ops/normalization.ts'
import { skipLayerNorm } from '../../../../worker/compiler/ops/skip-layer-norm.ts'

type Record = (g: Graph, input: (name: string, shape: readonly number[]) => Value) => unknown

/** Every op whose inputs must have one type. A test gives its last input another type. */
const OPS: readonly (readonly [string, Record])[] = [
  ['Add', (g, input) => add(g, input('a', [2]), input('last', [2]))],
  ['BiasGelu', (g, input) => biasGelu(g, input('a', [2]), input('last', [2]))],
  [
    'Conv',
    (g, input) => {
      const x = input('a', [1, 3, 4, 4])
      return conv(g, x, {
        weight: input('last', [5, 3, 1, 1]),
        bias: null,
        strides: [1, 1],
        pads: [0, 0, 0, 0],
      })
    },
  ],
  ['Gemm', (g, input) => gemm(g, input('a', [2, 3]), input('b', [4, 3]), input('last', [4]))],
  ['MatMul', (g, input) => matmul(g, input('a', [2, 3]), input('last', [3, 4]))],
  ['FusedMatMul', (g, input) => matmulTransposed(g, input('a', [2, 3]), input('last', [4, 3]))],
  ['FusedMatMul', (g, input) => matmulIntoBatches(g, input('a', [2, 5, 3]), input('last', [4, 3]))],
  [
    'LayerNormalization',
    (g, input) => layerNormalization(g, input('a', [2, 3]), input('b', [3]), input('last', [3]), 1e-5),
  ],
  [
    'nchwc.Conv',
    (g, input) => nchwcConv(g, input('a', [1, 8, 4, 4]), { weight: input('last', [8, 8, 1, 1]), bias: null }),
  ],
  [
    'NhwcConv',
    (g, input) => {
      const x = input('a', [1, 4, 4, 8])
      return nhwcConv(g, x, { weight: input('last', [8, 1, 1, 8]), strides: [1, 1], pads: [0, 0, 0, 0] })
    },
  ],
  [
    'SkipGroupNorm',
    (g, input) => {
      const x = input('a', [1, 4, 4, 8])
      const affine = { gamma: input('gamma', [8]), beta: input('beta', [8]) }
      const options = { ...affine, groups: 4, epsilon: 1e-5, activation: 'none' } as const
      return skipGroupNorm(g, x, { skip: input('b', [1, 8]), bias: input('last', [8]) }, options)
    },
  ],
  [
    'SkipLayerNormalization',
    (g, input) => {
      const x = input('a', [1, 2, 3])
      const affine = { gamma: input('gamma', [3]), beta: input('beta', [3]) }
      return skipLayerNorm(g, x, {
        ...affine,
        skip: input('b', [1, 2, 3]),
        bias: input('last', [3]),
        epsilon: 1e-5,
      })
    },
  ],
  ['BiasAdd', (g, input) => biasAdd(g, input('a', [1, 2, 3]), input('b', [3]), input('last', [1, 2, 3]))],
  ['BiasSplitGelu', (g, input) => biasSplitGelu(g, input('a', [1, 2, 2560]), input('last', [2560]))],
]

/** Inputs of float32, but for `last`. */
const inputsOf =
  (g: Graph, last: DType) =>
  (name: string, shape: readonly number[]): Value =>
    g.input(name, shape, name === 'last' ? last : 'float32')

describe('inputs of different types', () => {
  test.each(OPS)('are refused by %s with their names, case %#', (op, record) => {
    const g = createGraph('types')
    expect(() => record(g, inputsOf(g, 'float16'))).toThrow(
      new RegExp(`^${op} needs inputs of one type: a is float32,.* last is float16$`),
    )
    const same = createGraph('types')
    expect(() => record(same, inputsOf(same, 'float32'))).not.toThrow()
  })

  test('are refused by SkipGroupNorm if the skip has another type than x', () => {
    const g = createGraph('types')
    const affine = { gamma: g.input('gamma', [8]), beta: g.input('beta', [8]) }
    const options = { ...affine, groups: 4, epsilon: 1e-5, activation: 'none' } as const
    const [x, skip] = [g.input('x', [1, 4, 4, 8], 'float16'), g.input('skip', [1, 8])]
    expect(() => skipGroupNorm(g, x, { skip, bias: null }, options)).toThrow(
      'SkipGroupNorm needs inputs of one type: x is float16, skip is float32',
    )
  })

  test('are refused by MultiHeadAttention', () => {
    const g = createGraph('types')
    const shape = [1, 4, 8]
    const [k, v] = [g.input('k', shape, 'float16'), g.input('v', shape, 'float16')]
    expect(() => multiHeadAttention(g, g.input('q', shape), k, v, 2)).toThrow(
      'MultiHeadAttention needs inputs of one type: q is float32, k is float16, v is float16',
    )
  })
})
