import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../worker/compiler/graph/graph.ts'
import { graphWorkOf, totalWork } from '../../../worker/plan/graph-work.ts'

/** x [2,3] times an inline matrix [3,4], viewed as [8], plus itself. */
const aGraph = () => {
  const graph = createGraph('product')
  const x = graph.input('x', [2, 3])
  const matrix = graph.inline(new Float32Array(12), [3, 4])
  const node = (
    op: string,
    inputs: Parameters<typeof graph.node>[0]['inputs'],
    shape: number[],
    flops = 0,
  ) => {
    const [made] = graph.node({ op, inputs, outputs: [{ shape, dtype: 'float32' }], flops })
    if (made === undefined) throw new Error('nothing made')
    return made
  }
  const scaled = node('Neg', [matrix], [3, 4])
  const product = node('Gemm', [x, scaled], [2, 4], 48)
  const flat = node('Reshape', [product], [8])
  graph.avoid('a second product', 52)
  graph.output('y', node('Add', [flat, flat], [8]))
  return graph
}

describe('the work of a graph', () => {
  test('is counted in float16, without what depends on weights alone and what only renames', () => {
    // Gemm: 6 + 12 + 8 numbers, 52 bytes; Add: 8 + 8 + 8 numbers, 48 bytes.
    expect(graphWorkOf(aGraph())).toEqual({
      name: 'product',
      flops: 48,
      referenceFlops: 100,
      fusedTrafficBytes: 52,
      unfusedTrafficBytes: 100,
      weightBytes: 24,
      // x, the product, the sum: 6 + 8 + 8 numbers.
      activationBytes: 44,
    })
  })

  test('adds up over the runs of a clip', () => {
    const work = graphWorkOf(aGraph())
    const runs = [
      { work, runsPerClip: 25 },
      { work, runsPerClip: 1 },
    ]
    expect(totalWork(runs)).toEqual({
      flops: 1248,
      referenceFlops: 2600,
      fusedTrafficBytes: 1352,
      unfusedTrafficBytes: 2600,
    })
  })
})
