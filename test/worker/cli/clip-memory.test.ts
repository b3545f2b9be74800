import { expect, test } from 'vitest'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { clipMemoryOf } from '../../../worker/cli/clip-memory.ts'
import { clipShapeOf } from '../../../worker/cli/clip-options.ts'
import { cpuTargets } from '../../../worker/compiler/targets/clip-targets.ts'
import { XT_CONFIGS } from './a-command-line.ts'

const xt = await openCheckpoint(XT_CONFIGS, { weights: 'optional' })

const memoryOf = (options: Readonly<Record<string, string>>, availableBytes: number) =>
  clipMemoryOf(xt, clipShapeOf(options, xt, cpuTargets()), availableBytes)

test('SVD-XT at full size takes most for decoding all frames at once', () => {
  const { offload, fits } = memoryOf({}, 64e9)
  expect(offload.graph).toBe('vae_decoder')
  expect(offload.bytes).toBeGreaterThan(22.5e9)
  expect(offload.bytes).toBeLessThan(23e9)
  expect(fits).toBe('offload')
})

test.each([
  [32e9, 'offload'],
  [16e9, { decodeChunk: 12 }],
  [8e9, null],
])('with %d bytes of memory it fits by %j', (availableBytes, fits) => {
  expect(memoryOf({}, availableBytes).fits).toEqual(fits)
})

test('where the denoising takes most, low-vram makes it fit', () => {
  const options = { decodeChunkSize: '1' }
  const { offload, lowVram } = memoryOf(options, 64e9)
  expect(offload.graph).toBe('denoise_step')
  expect(lowVram.bytes).toBeLessThan(offload.bytes)
  expect(memoryOf(options, offload.bytes).fits).toBe('low-vram')
})
