/// <reference lib="esnext.float16" />
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openCheckpoint } from '../../worker/checkpoint/open-checkpoint.ts'
import { compileClip } from '../../worker/compiler/compile.ts'
import { cudaTargets } from '../../worker/compiler/targets/clip-targets.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../fixtures/random-checkpoint.ts'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { writeLargeRandomCheckpoint } from './large-random-checkpoint.ts'

test('writeLargeRandomCheckpoint writes a complete checkpoint, with numbers scaled by the fan-in', async () => {
  const [configs, dir] = [await temporaryDir(), await temporaryDir()]
  const { configs: parts } = await readCheckpointSpec('tiny')
  await writeRandomCheckpoint(configs, { name: 'tiny', configs: parts, components: {} as never })
  await writeLargeRandomCheckpoint(configs, dir)
  const checkpoint = await openCheckpoint(dir, { variant: 'fp16' })
  const targets = cudaTargets({ precision: 'fp16', ...checkpoint.vae.config })
  const size = { width: 64, height: 64, numFrames: 2, guidance: true, feedForwardChunks: 1 }
  compileClip(checkpoint, { ...size, targets }).checkWeights()

  const spreads: number[] = []
  const files = new Map<string, Buffer>()
  for (const [key, { shape, file, offsetBytes, sizeBytes }] of checkpoint.unet.tensors ?? []) {
    const content = files.get(file) ?? (await readFile(file))
    files.set(file, content)
    const bytes = content.subarray(offsetBytes, offsetBytes + sizeBytes)
    const values = Float32Array.from(new Float16Array(Uint8Array.from(bytes).buffer))
    expect(values.every(Number.isFinite), key).toBe(true)
    const fanIn = shape.slice(1).reduce((product, side) => product * side, 1)
    const squares = values.reduce((sum, value) => sum + value ** 2, 0)
    if (shape.length > 1 && values.length > 1000) spreads.push(Math.sqrt((squares / values.length) * fanIn))
  }
  expect(spreads.length).toBeGreaterThan(20)
  expect(Math.min(...spreads)).toBeGreaterThan(0.85)
  expect(Math.max(...spreads)).toBeLessThan(1.15)
})
