import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { RgbFrame } from '../../../worker/pipeline/image/frames.ts'
import { writeRawVideos } from '../../../worker/renderer/raw-videos.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const SIZE = { width: 2, height: 1 }

/** One grey per frame. */
const aFrame = (grey: number, nonFiniteValues = 0): RgbFrame => ({
  bytes: new Uint8Array(6).fill(grey),
  nonFiniteValues,
})

async function* decoded(...frames: readonly RgbFrame[]) {
  yield* frames
}

const outputsIn = async (count: number): Promise<string[]> => {
  const folder = await temporaryDir()
  return Array.from({ length: count }, (_, i) => path.join(folder, `${i}.rgb`))
}

test('writeRawVideos puts the frames of each video into its own file', async () => {
  const outputs = await outputsIn(2)
  const frames = decoded(aFrame(0), aFrame(255), aFrame(255), aFrame(0))
  const videos = await writeRawVideos({ decoded: frames, framesPerVideo: 2, outputs, ...SIZE })
  expect(videos).toEqual(
    outputs.map((file) => ({ path: file, frameCount: 2, sizeBytes: 12, nonFiniteValues: 0 })),
  )
  expect(await Promise.all(outputs.map((file) => readFile(file, 'hex')))).toEqual([
    `${'00'.repeat(6)}${'ff'.repeat(6)}`,
    `${'ff'.repeat(6)}${'00'.repeat(6)}`,
  ])
})

test('writeRawVideos counts the non-finite values of each video', async () => {
  const outputs = await outputsIn(2)
  const frames = decoded(aFrame(0, 3), aFrame(0, 4), aFrame(0), aFrame(0, 2))
  const videos = await writeRawVideos({ decoded: frames, framesPerVideo: 2, outputs, ...SIZE })
  expect(videos.map(({ nonFiniteValues }) => nonFiniteValues)).toEqual([3 + 4, 2])
})

test('writeRawVideos throws if frames are missing', async () => {
  const outputs = await outputsIn(2)
  const frames = decoded(aFrame(0), aFrame(0), aFrame(0))
  await expect(writeRawVideos({ decoded: frames, framesPerVideo: 2, outputs, ...SIZE })).rejects.toThrow(
    `the decoder gave 1 frames of 2 for ${outputs[1]}`,
  )
})
