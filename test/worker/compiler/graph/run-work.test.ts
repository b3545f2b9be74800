import { expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { runWork } from '../../../../worker/compiler/graph/run-work.ts'
import { add, cast, silu } from '../../../../worker/compiler/ops/elementwise.ts'
import { gemm } from '../../../../worker/compiler/ops/matmul.ts'
import { reshape } from '../../../../worker/compiler/ops/shape.ts'
import { openWeights } from '../../../../worker/compiler/weights/weights.ts'

const HALF = 2
const FLOAT = 4

test('runWork sums FLOPs and bytes by kind, without nodes that only prepare weights', () => {
  const g = createGraph('g')
  const w = openWeights('unet', null).root
  const x = g.input('x', [4, 16], 'float16')
  const aligned = g.weight(w.tensor('aligned', [24, 16]))
  const narrow = g.weight(w.tensor('narrow', [3, 24]))
  // Depends on a weight alone: no session runs it.
  const bias = cast(g, g.weight(w.tensor('bias', [24])), 'float32')
  const wide = gemm(g, x, aligned, null)
  const biased = add(g, cast(g, wide, 'float32'), bias)
  const row = reshape(g, silu(g, cast(g, biased, 'float16')), [4, 24])
  g.output('y', gemm(g, row, narrow, null))

  const [first, second] = [2 * 4 * 16 * 24, 2 * 4 * 24 * 3]
  const castBytes = 2 * (4 * 24) * (HALF + FLOAT)
  const addBytes = FLOAT * (4 * 24 + 24 + 4 * 24)
  const siluBytes = 2 * (4 * 24) * HALF
  expect(runWork(g)).toEqual({
    flops: first + second,
    // A product of 3 columns does not run on tensor cores.
    tensorCoreFlops: first,
    productBytes: HALF * (4 * 16 + 24 * 16 + 4 * 24 + (4 * 24 + 3 * 24 + 4 * 3)),
    elementwiseBytes: castBytes + addBytes + siluBytes,
    elementwiseBytesByOp: { Cast: castBytes, Add: addBytes, QuickGelu: siluBytes },
  })
  expect(Object.keys(runWork(g).elementwiseBytesByOp)).toEqual(['Cast', 'Add', 'QuickGelu'])
})
