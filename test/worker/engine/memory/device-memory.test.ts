import { expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { silu } from '../../../../worker/compiler/ops/elementwise.ts'
import { cudaDeviceMemory, rendererHostBytes } from '../../../../worker/engine/memory/device-memory.ts'

const GB = 1e9
const { baseBytes, instanceTypeFor } = cudaDeviceMemory({ computeCapability: 86 }, 24 * GB)

test('a GPU holds the CUDA context and cuBLAS besides its sessions, 600 MiB', () => {
  expect(baseBytes).toBe(600 * 2 ** 20)
})

test.each([
  [8 * GB, 'g4dn.xlarge'],
  [17 * GB, 'g6.xlarge'],
  [200 * GB, null],
])('instanceTypeFor %d bytes returns %s', (bytes, instanceType) => {
  expect(instanceTypeFor(bytes, 0)).toBe(instanceType)
})

test('instanceTypeFor returns a type that also has the required host memory', () => {
  expect(instanceTypeFor(8 * GB, 12 * GB)).toBe('g4dn.xlarge')
  expect(instanceTypeFor(8 * GB, 13 * GB)).toBe('g6.2xlarge')
  expect(instanceTypeFor(8 * GB, 500 * GB)).toBeNull()
})

test('rendererHostBytes is the memory per GPU that the system and the worker leave of an instance', () => {
  const MIB = 2 ** 20
  expect(rendererHostBytes('g4dn.xlarge')).toBe((13_107 - 512) * MIB)
  expect(rendererHostBytes('p4d.24xlarge')).toBe((117_964 - 512) * MIB)
})

test('a graph with a tensor of 2^31 elements fits no GPU', () => {
  const g = createGraph('too_large')
  g.output('y', silu(g, g.input('x', [2 ** 31])))
  const { memoryOf } = cudaDeviceMemory({ computeCapability: 86 }, 24 * GB)
  expect(memoryOf(g).bytes).toBe(Number.POSITIVE_INFINITY)
})
