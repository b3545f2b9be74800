import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import type { Progress } from '../../../worker/pipeline/progress.ts'
import { findFfmpeg } from '../../../worker/video/ffmpeg-path.ts'
import { type ClipToFinish, finishClip } from '../../../worker/video/finish-clip.ts'
import { readMp4 } from '../../../worker/video/read-mp4.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { noiseFrames } from './frames.ts'

const { path: ffmpegPath } = await findFfmpeg({})

const FRAMES = noiseFrames(5, 64, 48)

/** Five frames in a folder of their own; PNGs go to `frames` in it. */
const aClip = async (changes: Partial<ClipToFinish> = {}) => {
  const folder = await temporaryDir()
  const rawFrames = path.join(folder, 'clip.rgb')
  await writeFile(rawFrames, Buffer.concat(FRAMES))
  const clip: ClipToFinish = {
    rawFrames,
    width: 64,
    height: 48,
    fps: 7,
    output: path.join(folder, 'clip.mp4'),
    framesDir: path.join(folder, 'frames'),
    ffmpegPath,
    signal: new AbortController().signal,
    ...changes,
  }
  return { folder, clip }
}

const pixelsOf = async (file: string): Promise<Uint8Array> =>
  new Uint8Array(await sharp(file).raw().toBuffer())

const recordOf = async (file: string) => {
  const bytes = await readFile(file)
  return { path: file, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

test('makes PNGs, the poster and the MP4 of raw frames, and describes them', async () => {
  const { folder, clip } = await aClip()
  expect(await finishClip(clip)).toEqual({
    video: await recordOf(clip.output),
    poster: await recordOf(path.join(folder, 'clip.poster.png')),
    framesDir: path.join(folder, 'frames'),
    frameCount: 5,
    seconds: expect.any(Number),
  })
  expect(await readMp4(clip.output)).toMatchObject({ frameCount: 5, fps: 7, width: 64, height: 48 })
  expect(await pixelsOf(path.join(folder, 'clip.poster.png'))).toEqual(FRAMES[0])
  const pngs = (await readdir(path.join(folder, 'frames'))).map((name) => path.join(folder, 'frames', name))
  expect(await Promise.all(pngs.map(pixelsOf))).toEqual(FRAMES)
})

test('writes no PNGs unless asked', async () => {
  const { folder, clip } = await aClip({ framesDir: null })
  expect(await finishClip(clip)).toMatchObject({ framesDir: null, frameCount: 5 })
  expect((await readdir(folder)).sort()).toEqual(['clip.mp4', 'clip.poster.png', 'clip.rgb'])
})

test.each([
  ['the MP4', { framesDir: null }, 5],
  ['PNGs and MP4', {}, 10],
])('reports each frame of %s', async (_, changes, steps) => {
  const seen: Progress[] = []
  const { clip } = await aClip({ ...changes, onProgress: (progress) => seen.push(progress) })
  await finishClip(clip)
  expect(seen).toEqual(
    Array.from({ length: steps + 1 }, (_, step) => ({ phase: 'encode-video', step, steps })),
  )
})

test.each([2, 7])('leaves no half-written file when aborted at step %d', async (at) => {
  const controller = new AbortController()
  const reason = new Error('the lease was lost')
  const { folder, clip } = await aClip({
    signal: controller.signal,
    onProgress: ({ step }) => {
      if (step === at) controller.abort(reason)
    },
  })
  await expect(finishClip(clip)).rejects.toBe(reason)
  const files = await readdir(folder, { recursive: true })
  expect(files).not.toContain('clip.mp4')
  expect(files.filter((file) => file.endsWith('.partial'))).toEqual([])
})

test('does nothing when aborted before', async () => {
  const reason = new Error('the lease was lost')
  const { folder, clip } = await aClip({ signal: AbortSignal.abort(reason) })
  await expect(finishClip(clip)).rejects.toBe(reason)
  expect(await readdir(folder)).toEqual(['clip.rgb'])
})

test('refuses raw frames of another size', async () => {
  const { folder, clip } = await aClip({ width: 62 })
  await expect(finishClip(clip)).rejects.toThrow('clip.rgb has 46080 bytes')
  expect(await readdir(folder)).toEqual(['clip.rgb'])
})
