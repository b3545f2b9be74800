import { expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import { mul } from '../../../../worker/compiler/ops/elementwise.ts'
import { foldForMemory } from '../../../../worker/engine/memory/folded-graph.ts'
import { hostMemoryOf } from '../../../../worker/engine/memory/host-memory.ts'

const MIB = 2 ** 20

/** Two weights of 40 MiB, each transposed to [width, rows] and multiplied with a number of the input. */
const aGraph = (): Graph => {
  const g = createGraph('weights')
  const x = g.input('x', [1])
  for (const key of ['a', 'b']) {
    const [rows, width] = [1024, 10 * 1024]
    const stored = {
      ...{ key, dtype: 'F32' as const, shape: [rows, width], file: '/weights' },
      ...{ offsetBytes: 0, sizeBytes: 40 * MIB },
    } as const
    const weight = g.weight({ key, dtype: 'float32', shape: [rows, width], offsetBytes: 0, stored })
    const [transposed] = g.node({
      ...{ op: 'Transpose', inputs: [weight], attributes: { perm: [1, 0] } },
      outputs: [{ shape: [width, rows], dtype: 'float32' }],
    })
    g.output(`y_${key}`, mul(g, transposed!, x))
  }
  return g
}

const memoryOf = (arenaBytes: number, keepsWeights: boolean) =>
  hostMemoryOf(foldForMemory(aGraph()), { arenaBytes, keepsWeights })

test('a session takes 8 bytes for each 256 of its arena, and 20 KB for each node', () => {
  expect(memoryOf(0, true)).toMatchObject({ sessionBytes: 4 * 20_000, graphBytes: 4 * 10_000 })
  expect(memoryOf(16 * 1024 * MIB, true).sessionBytes).toBe(4 * 20_000 + 512 * MIB)
})

test('preparing weights in batches takes a computed value, its source and the results of two batches', () => {
  expect(memoryOf(0, true).preparingBytes).toBe((40 + 1.5 * 40 + 2 * 40) * MIB)
})

test('weights that no file keeps are all computed at once', () => {
  expect(memoryOf(0, false).preparingBytes).toBe(2 * 40 * MIB)
})

test('outputs and prepared weights count as arrays that are freed late', () => {
  expect(memoryOf(0, true)).toMatchObject({ outputBytes: 80 * MIB, arrayBytes: (80 + 80) * MIB })
  expect(memoryOf(0, false)).toMatchObject({ arrayBytes: 80 * MIB })
})
