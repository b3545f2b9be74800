import { expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../worker/compiler/graph/graph.ts'
import type { Value } from '../../../worker/compiler/graph/value.ts'
import { add, cast, mul } from '../../../worker/compiler/ops/elementwise.ts'
import { concat, transpose } from '../../../worker/compiler/ops/shape.ts'
import { computeConstants } from '../../../worker/engine/compute-constants.ts'
import { someTensor, storedWeights } from '../../fixtures/stored-weights.ts'

const computed = async (graph: Graph, values: readonly Value[]) => {
  const results = await Array.fromAsync(computeConstants(graph, values))
  return results.map(({ value, bytes }) => ({ name: value.name, bytes }))
}

const float32Of = (bytes: Uint8Array | undefined): readonly number[] => [
  ...new Float32Array(Uint8Array.from(bytes ?? []).buffer),
]

test('computeConstants returns the bytes of values in the given order', async () => {
  const g = createGraph('constants')
  const table = g.inline(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3])
  const transposed = transpose(g, table, [1, 0])
  const doubled = add(g, table, table)
  const integers = cast(g, doubled, 'int64')
  const [first, second, third] = await computed(g, [integers, transposed, doubled])
  expect([first?.name, second?.name, third?.name]).toEqual([integers.name, transposed.name, doubled.name])
  expect([...new BigInt64Array(Uint8Array.from(first?.bytes ?? []).buffer)]).toEqual([
    2n,
    4n,
    6n,
    8n,
    10n,
    12n,
  ])
  expect(float32Of(second?.bytes)).toEqual([1, 4, 2, 5, 3, 6])
  expect(float32Of(third?.bytes)).toEqual([2, 4, 6, 8, 10, 12])
})

test('computeConstants returns float16 values as their bits', async () => {
  const g = createGraph('halves')
  const half = cast(g, g.inline(Float32Array.of(1, -2, 65504, 2 ** -24), [4]), 'float16')
  const [result] = await computed(g, [half])
  expect([...new Uint16Array(Uint8Array.from(result?.bytes ?? []).buffer)]).toEqual([
    ...[0x3c00, 0xc000, 0x7bff, 0x0001],
  ])
})

test('computeConstants reads weights from their file, and runs no node that reads an input', async () => {
  const weights = await storedWeights({ w: someTensor(1, [2, 3]) })
  const g = createGraph('weights')
  const weight = g.weight(weights.tensor('w', [2, 3]))
  const transposed = transpose(g, weight, [1, 0])
  g.output('y', mul(g, g.input('x', [3, 2]), transposed))
  const [result] = await computed(g, [transposed])
  const [a, b, c, d, e, f] = someTensor(1, [2, 3]).data
  expect(float32Of(result?.bytes)).toEqual([a, d, b, e, c, f])
})

test('computeConstants computes all values, also if they exceed one batch', async () => {
  const g = createGraph('large')
  // 20 MiB each, of which a batch holds one.
  const column = g.inline(
    Float32Array.from({ length: 1024 }, (_, row) => row),
    [1024, 1],
  )
  const values = [1, 2, 3].map((factor) => {
    const scaled = mul(g, column, g.inline(Float32Array.of(factor), [1]))
    return concat(g, Array(5 * 1024).fill(scaled), 1)
  })
  const results = await computed(g, values)
  expect(results.map(({ name }) => name)).toEqual(values.map(({ name }) => name))
  for (const [index, { bytes }] of results.entries()) {
    expect(bytes.length).toBe(20 * 2 ** 20)
    // The last number of the last row.
    expect(float32Of(bytes.slice(-4))).toEqual([(index + 1) * 1023])
  }
})
