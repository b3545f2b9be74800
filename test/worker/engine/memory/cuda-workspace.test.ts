import { describe, expect, test } from 'vitest'
import type { Node } from '../../../../worker/compiler/graph/graph.ts'
import type { DType, Value } from '../../../../worker/compiler/graph/value.ts'
import { mostConvolutionBytes } from '../../../../worker/engine/memory/convolution-workspace.ts'
import { cudaWorkspaces } from '../../../../worker/engine/memory/cuda-workspace.ts'

const T4 = { computeCapability: 75, hasTf32: true }
const A10G = { computeCapability: 86, hasTf32: true }

const value = (shape: readonly number[], dtype: DType = 'float16'): Value => ({ name: 'value', dtype, shape })

const aNode = (
  op: string,
  inputs: readonly Value[],
  attributes: Node['attributes'] = {},
  output: Value = value([1]),
): Node => ({
  ...{ op, domain: '', name: op, inputs, outputs: [output], attributes, flops: 0 },
})

/** The most that the kernel of a node allocates. */
const mostOf = (node: Node, card = A10G): readonly number[] | undefined =>
  cudaWorkspaces({ nodes: [node] }, card)[0]?.(node)

describe('attention allocates', () => {
  const attention = (shape: readonly number[], heads: number, dtype?: DType, keys = shape[1] ?? 0) => {
    const [rows = 0, , channels = 0] = shape
    const key = value([rows, keys, channels], dtype)
    return aNode('MultiHeadAttention', [value(shape, dtype), key, key], { num_heads: heads })
  }

  test.each<[string, Node, typeof A10G, readonly number[]]>([
    ['a number for each row and head in flash attention', attention([2, 9216, 320], 5), A10G, [368_640]],
    ['q, k and v side by side on a T4', attention([2, 9216, 320], 5), T4, [35_389_440]],
    ['the output as float32 for a head size above 256', attention([1, 9216, 512], 1), A10G, [18_874_368]],
    [
      'the output as float32 for a head size above 256 on a T4',
      attention([1, 9216, 512], 1),
      T4,
      [18_874_368],
    ],
    ['a number for each row and head for a head size of 256', attention([1, 9216, 512], 2), A10G, [73_728]],
    [
      'q, k and v in float32, and the scores twice for short sequences',
      attention([2, 255, 64], 4, 'float32', 10),
      A10G,
      [2 * (255 + 10 + 10) * 64 * 4, 2 * 4 * 255 * 10 * 4, 2 * 4 * 255 * 10 * 4],
    ],
    [
      'q, k and v alone in float32 for long sequences',
      attention([2, 256, 64], 4, 'float32'),
      A10G,
      [3 * 2 * 256 * 64 * 4],
    ],
    [
      'an integer for each sequence with packed q, k and v, and one more',
      aNode('MultiHeadAttention', [value([18_432, 14, 5, 3, 64])], { num_heads: 5 }),
      T4,
      [4 * 18_433],
    ],
  ])('%s', (_, node, card, bytes) => {
    expect(mostOf(node, card)).toEqual(bytes)
  })
})

test.each<[string, Node, readonly number[]]>([
  [
    'GroupNorm allocates two sums for each image and group',
    aNode('GroupNorm', [value([25, 72, 128, 320])], { groups: 16 }),
    [3_200],
  ],
  [
    'SkipGroupNorm allocates two sums for each image and group, of which it has 32 by default',
    aNode('SkipGroupNorm', [value([25, 72, 128, 320])]),
    [6_400],
  ],
  ['Concat allocates a table of its inputs', aNode('Concat', [value([1]), value([1])]), [8_192]],
  [
    'FusedMatMul into batches allocates three pointers to each matrix',
    aNode('FusedMatMul', [value([9216, 25, 320])], { transBatchA: 1 }, value([25, 9216, 320])),
    [200, 200, 200],
  ],
  [
    'any other FusedMatMul allocates nothing',
    aNode('FusedMatMul', [value([25, 9216, 320])], { transB: 1 }),
    [],
  ],
  [
    'a convolution in float16 allocates nothing',
    aNode('NhwcConv', [value([1, 8, 8, 8]), value([8, 3, 3, 8])]),
    [],
  ],
  ['any other op allocates nothing', aNode('Add', [value([1]), value([1])]), []],
])('%s', (_, node, bytes) => {
  expect(mostOf(node)).toEqual(bytes)
})

test('a graph with a float32 convolution has a largest and a smallest workspace, because cuDNN chooses', () => {
  const [x, w, y] = [
    [1, 72, 128, 512],
    [512, 3, 3, 512],
    [1, 72, 128, 512],
  ].map((shape) => value(shape, 'float32'))
  const convolution = aNode('NhwcConv', [x!, w!], {}, y!)
  const norm = aNode('GroupNorm', [x!])
  const workspaces = cudaWorkspaces({ nodes: [norm, convolution] }, A10G)
  const most = mostConvolutionBytes(convolution, A10G)
  expect(most).toBeGreaterThan(0)
  expect(workspaces.map((workspace) => [workspace(norm), workspace(convolution)])).toEqual([
    [[256], [most]],
    [[256], []],
  ])
  expect(cudaWorkspaces({ nodes: [norm] }, A10G)).toHaveLength(1)
})
