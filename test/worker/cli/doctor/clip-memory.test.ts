import { expect, test } from 'vitest'
import { openCheckpoint } from '../../../../worker/checkpoint/open-checkpoint.ts'
import { clipMemoryOf } from '../../../../worker/cli/doctor/clip-memory.ts'
import { clipShapeOf } from '../../../../worker/cli/graphs/clip-options.ts'
import { cpuTargets, cudaTargets } from '../../../../worker/compiler/targets/clip-targets.ts'
import {
  cpuDeviceMemory,
  cudaDeviceMemory,
  HOST_RUNTIME_BYTES,
} from '../../../../worker/engine/memory/device-memory.ts'
import { XT_CONFIGS } from '../a-command-line.ts'

const xt = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })

const memoryOf = (options: Readonly<Record<string, string>>, availableBytes: number) =>
  clipMemoryOf(
    xt,
    clipShapeOf(options, xt, cpuTargets()),
    cpuDeviceMemory(availableBytes, HOST_RUNTIME_BYTES),
  )

test('a full-size clip of SVD-XT on the CPU needs most memory to decode all frames at once', () => {
  const plan = memoryOf({}, 128e9)
  if (!plan.fits) throw new Error('it does not fit')
  expect(plan.memory).toBe('offload')
  expect(plan.decodeChunk).toBe(25)
  const largest = plan.graphs.reduce((a, b) => (b.bytes > a.bytes ? b : a))
  expect(largest.graph).toBe('vae_decoder')
  // 22.6 GB of activations exist at once, and the arena keeps all memory that it has allocated.
  expect(plan.needBytes).toBeGreaterThan(22.5e9)
  expect(plan.needBytes).toBeLessThan(54e9)
})

test('a clip of SVD-XT on the CPU decodes fewer frames at once in 24 GB, and does not fit 8 GB', () => {
  const half = memoryOf({}, 24e9)
  expect(half).toMatchObject({ fits: true })
  expect(half.fits && half.decodeChunk).toBeLessThan(25)
  expect(memoryOf({}, 8e9)).toMatchObject({ fits: false, graph: expect.stringMatching(/step/) })
})

test('a decode chunk size that the caller gives is kept', () => {
  expect(memoryOf({ decodeChunkSize: '1' }, 64e9)).toMatchObject({ fits: true, decodeChunk: 1 })
})

test('a GPU of 24 GB decodes all frames of SVD-XT at once, and a GPU of 16 GB in two chunks', () => {
  const targets = cudaTargets({ precision: 'fp16', forceUpcast: true })
  const onCard = (freeBytes: number) =>
    clipMemoryOf(xt, clipShapeOf({}, xt, targets), cudaDeviceMemory({ computeCapability: 75 }, freeBytes))
  expect(onCard(23e9)).toMatchObject({ fits: true, memory: 'offload', decodeChunk: 25 })
  expect(onCard(15e9)).toMatchObject({ fits: true, memory: 'offload', decodeChunk: 13 })
})
