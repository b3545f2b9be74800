import { expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { silu } from '../../../../worker/compiler/ops/elementwise.ts'
import { cudaDeviceMemory } from '../../../../worker/engine/memory/device-memory.ts'

const GB = 1e9
const { baseBytes, instanceTypeFor } = cudaDeviceMemory({ computeCapability: 86 }, 24 * GB)

test('a card holds the context and cuBLAS beside its sessions', () => {
  expect(baseBytes).toBe(600 * 2 ** 20)
})

test.each([
  [8 * GB, 'g4dn.xlarge'],
  [17 * GB, 'g6.xlarge'],
  [200 * GB, null],
])('%d bytes need %s', (bytes, instanceType) => {
  expect(instanceTypeFor(bytes)).toBe(instanceType)
})

test('a graph with a tensor of 2^31 elements fits no card', () => {
  const g = createGraph('too_large')
  g.output('y', silu(g, g.input('x', [2 ** 31])))
  const { memoryOf } = cudaDeviceMemory({ computeCapability: 86 }, 24 * GB)
  expect(memoryOf(g).bytes).toBe(Number.POSITIVE_INFINITY)
})
