import { expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import { printGraph } from '../../../../worker/compiler/graph/print-graph.ts'
import { withoutUnused } from '../../../../worker/compiler/graph/without-unused.ts'
import { conv } from '../../../../worker/compiler/ops/conv.ts'
import { add, cast, silu } from '../../../../worker/compiler/ops/elementwise.ts'
import { gemm } from '../../../../worker/compiler/ops/matmul.ts'
import { reshape, resizeNearest } from '../../../../worker/compiler/ops/shape.ts'
import { skipLayerNorm } from '../../../../worker/compiler/ops/skip-layer-norm.ts'
import { openWeights } from '../../../../worker/compiler/weights/weights.ts'

test('printGraph prints one line per node, with names, types and attributes', () => {
  const w = openWeights('unet', null).root
  const g = createGraph('example')
  const x = g.input('x', [1, 4, 8, 8], 'float16')
  const time = g.input('time', [1, 16], 'float16')
  const hidden = g.within('block.0', () => {
    const weight = g.weight(w.tensor('block.0.conv.weight', [6, 4, 3, 3]))
    const first = conv(g, x, { weight, bias: null, strides: [2, 2], pads: [0, 0, 1, 1] })
    const shift = gemm(g, time, g.weight(w.tensor('block.0.time.weight', [6, 16])), null)
    return add(g, cast(g, silu(g, first), 'float32'), cast(g, reshape(g, shift, [1, 6, 1, 1]), 'float32'))
  })
  g.output('y', resizeNearest(g, hidden, 2))

  expect(`\n${printGraph(g)}`).toBe(`
graph example(%x: float16[1,4,8,8], %time: float16[1,16])
  %block.0/Conv: float16[1,6,4,4] = Conv(%x, %block.0.conv.weight) {kernel_shape=[3,3] strides=[2,2] pads=[0,0,1,1]}
  %block.0/Gemm: float16[1,6] = Gemm(%time, %block.0.time.weight) {transB=1}
  %block.0/QuickGelu: float16[1,6,4,4] = com.microsoft.QuickGelu(%block.0/Conv) {alpha=1}
  %block.0/Cast: float32[1,6,4,4] = Cast(%block.0/QuickGelu) {to=1}
  %block.0/Reshape: float16[1,6,1,1] = Reshape(%block.0/Gemm, %constant)
  %block.0/Cast_1: float32[1,6,1,1] = Cast(%block.0/Reshape) {to=1}
  %block.0/Add: float32[1,6,4,4] = Add(%block.0/Cast, %block.0/Cast_1)
  %Resize: float32[1,6,8,8] = Resize(%block.0/Add, -, %constant_1) {mode=nearest coordinate_transformation_mode=asymmetric nearest_mode=floor}
  %y: float32[1,6,8,8] = Identity(%Resize)
  return %y
`)
})

test('printGraph appends the note of a node to its line as a comment', () => {
  const g = createGraph('noted')
  const x = g.input('x', [2])
  g.output('y', add(g, x, x))
  expect(printGraph(g, ({ op }) => (op === 'Add' ? '24 B' : null))).toBe(`graph noted(%x: float32[2])
  %Add: float32[2] = Add(%x, %x)  // 24 B
  %y: float32[2] = Identity(%Add)
  return %y
`)
})

test('printGraph prints both results of a node, or the first alone if the second is left out', () => {
  const g = createGraph('norms')
  const x = g.input('x', [1, 2, 8])
  const affine = { gamma: g.input('gamma', [8]), beta: g.input('beta', [8]) }
  const { normalized, sum } = skipLayerNorm(g, x, { ...affine, skip: x, bias: null, epsilon: 0.25 })
  g.output('y', normalized)
  const norm = (graph: Graph): string | undefined => printGraph(graph).split('\n')[1]
  const call = 'com.microsoft.SkipLayerNormalization(%x, %x, %gamma, %beta) {epsilon=0.25}'
  const first = '%SkipLayerNormalization:0: float32[1,2,8]'
  expect(norm(withoutUnused(g))).toBe(`  ${first} = ${call}`)
  g.output('z', sum)
  expect(norm(withoutUnused(g))).toBe(`  ${first}, %SkipLayerNormalization:1: float32[1,2,8] = ${call}`)
})
