import { expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { preparationHashes } from '../../../../worker/compiler/graph/weight-preparation.ts'
import { cast } from '../../../../worker/compiler/ops/elementwise.ts'

/** The content hash of a table that a graph casts. */
const hashOf = (table: Float32Array, shape: readonly number[] = [table.length]): string | undefined => {
  const g = createGraph('table')
  g.input('x', [1])
  const value = cast(g, g.inline(table, shape), 'float16')
  g.output('y', value)
  return preparationHashes(g, [value], (file) => file)[0]
}

test('preparationHashes depend on the numbers and shape of a table, but not on where its bytes are', () => {
  const table = hashOf(Float32Array.of(1, 2, 3, 4))
  expect(hashOf(Float32Array.of(0, 1, 2, 3, 4).subarray(1))).toBe(table)
  expect(hashOf(Float32Array.of(1, 2, 3, 5))).not.toBe(table)
  expect(hashOf(Float32Array.of(1, 2, 3, 4), [2, 2])).not.toBe(table)
})
