import { expect, test } from 'vitest'
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
