import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFrames } from '../../../worker/video/write-frames.ts'
import { noiseFrames } from './frames.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'write-frames-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('writeFrames writes lossless PNGs from 0000.png on, in a folder that it makes', async () => {
  const directory = path.join(folder, 'new', 'frames')
  const frames = noiseFrames(3, 16, 8)
  const { signal } = new AbortController()
  const files = await writeFrames({ frames, width: 16, height: 8, directory, signal })
  expect(await readdir(directory)).toEqual(['0000.png', '0001.png', '0002.png'])
  expect(files).toEqual(['0000.png', '0001.png', '0002.png'].map((name) => path.join(directory, name)))
  const read = await Promise.all(files.map((file) => sharp(file).raw().toBuffer()))
  expect(read.map((bytes) => new Uint8Array(bytes))).toEqual(frames)
})

test('writeFrames leaves only complete files after an abort', async () => {
  const controller = new AbortController()
  const reason = new Error('stop')
  function* frames() {
    const [first, second] = noiseFrames(2, 16, 8)
    if (first) yield first
    controller.abort(reason)
    if (second) yield second
  }
  const request = { frames: frames(), width: 16, height: 8, directory: folder, signal: controller.signal }
  await expect(writeFrames(request)).rejects.toBe(reason)
  expect(await readdir(folder)).toEqual(['0000.png'])
})
