import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../worker/compiler/graph/graph.ts'
import { cast } from '../../../worker/compiler/ops/elementwise.ts'
import { gemm } from '../../../worker/compiler/ops/matmul.ts'
import { reshape } from '../../../worker/compiler/ops/shape.ts'
import { openWeights } from '../../../worker/compiler/weights/weights.ts'
import { graphWorkOf } from '../../../worker/plan/graph-work.ts'

const w = openWeights('unet', null).root

describe('the work of a graph', () => {
  test('is that of each node that runs, in order, without nodes that depend on weights alone', () => {
    const g = createGraph('g')
    const x = g.input('x', [4, 16], 'float16')
    const weight = cast(g, cast(g, g.weight(w.tensor('w', [8, 16])), 'float32'), 'float16')
    const y = gemm(g, x, weight, null)
    g.output('y', cast(g, reshape(g, y, [32]), 'float32'))
    // Gemm: 64 + 128 + 32 numbers of 2 bytes; Reshape; Cast: 32 of 2 and 32 of 4; the output's name.
    const flops = 2 * 4 * 16 * 8
    expect(graphWorkOf(g)).toMatchObject({
      nodes: [
        { flops, bytes: 448, usesTensorCores: true },
        { flops: 0, bytes: 0 },
        { flops: 0, bytes: 192 },
        { flops: 0, bytes: 0 },
      ],
      tensorCoreFlops: flops,
      movedBytes: 640,
      limitFaults: [],
    })
  })

  test('excludes products outside the tensor cores from tensorCoreFlops', () => {
    const g = createGraph('g')
    const x = g.input('x', [4, 16], 'float16')
    gemm(g, x, g.weight(w.tensor('a', [8, 16])), null)
    gemm(g, x, g.weight(w.tensor('b', [3, 16])), null)
    expect(graphWorkOf(g).tensorCoreFlops).toBe(2 * 4 * 16 * 8)
  })
})

describe('the weights of a session', () => {
  test('are counted as they are laid out for its nodes, not as they are stored', () => {
    const g = createGraph('g')
    const x = g.input('x', [4, 16])
    gemm(g, x, cast(g, g.weight(w.tensor('w', [8, 16])), 'float32'), null)
    expect(graphWorkOf(g).sessionWeightBytes).toBe(4 * 8 * 16)
  })

  test('are counted once if they are laid out twice in the same way', () => {
    const g = createGraph('g')
    const x = g.input('x', [4, 16])
    const stored = g.weight(w.tensor('w', [8, 16]))
    for (let piece = 0; piece < 2; piece++) gemm(g, x, cast(g, stored, 'float32'), null)
    gemm(g, x, cast(g, g.weight(w.tensor('other', [8, 16])), 'float32'), null)
    expect(graphWorkOf(g).sessionWeightBytes).toBe(2 * (4 * 8 * 16))
  })
})
