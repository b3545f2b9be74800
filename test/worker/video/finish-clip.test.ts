import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { CLIP_FORMATS } from '../../../shared/contracts/clip-format.ts'
import type { Progress } from '../../../worker/pipeline/progress.ts'
import { findFfmpeg } from '../../../worker/video/ffmpeg-path.ts'
import { type ClipToFinish, finishClip } from '../../../worker/video/finish-clip.ts'
import { frameOrder } from '../../../worker/video/frame-order.ts'
import { readMp4 } from '../../../worker/video/read-mp4.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { decodeFile } from './decode-file.ts'
import { framePsnr, noiseFrames } from './frames.ts'

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
    files: [{ format: 'mp4', crf: null }],
    loop: false,
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

test('finishClip makes PNGs, the poster and the MP4 from raw frames, and describes them', async () => {
  const { folder, clip } = await aClip()
  expect(await finishClip(clip)).toEqual({
    video: { format: 'mp4', ...(await recordOf(clip.output)) },
    files: [{ format: 'mp4', ...(await recordOf(clip.output)) }],
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

test('finishClip writes no PNGs unless they are requested', async () => {
  const { folder, clip } = await aClip({ framesDir: null })
  expect(await finishClip(clip)).toMatchObject({ framesDir: null, frameCount: 5 })
  expect((await readdir(folder)).sort()).toEqual(['clip.mp4', 'clip.poster.png', 'clip.rgb'])
})

test.each([
  ['the MP4', { framesDir: null }, 5],
  ['PNGs and MP4', {}, 10],
])('finishClip reports progress for each frame of %s', async (_, changes, steps) => {
  const seen: Progress[] = []
  const { clip } = await aClip({ ...changes, onProgress: (progress) => seen.push(progress) })
  await finishClip(clip)
  expect(seen).toEqual(
    Array.from({ length: steps + 1 }, (_, step) => ({ phase: 'encode-video', step, steps })),
  )
})

describe('finishClip with several formats', () => {
  const files = CLIP_FORMATS.map((format) => ({ format, crf: null }))

  test('writes a file for each format, and describes them in the requested order', async () => {
    const { folder, clip } = await aClip({ framesDir: null, files: files.toReversed() })
    const finished = await finishClip(clip)
    const names = ['clip.zip', 'clip.mov', 'clip.gif', 'clip.webm', 'clip.mp4']
    expect(finished.files.map(({ path: file }) => path.basename(file))).toEqual(names)
    for (const { format: _, ...file } of finished.files) expect(file).toEqual(await recordOf(file.path))
    expect(finished.video).toEqual(finished.files[0])
    expect((await readdir(folder)).sort()).toEqual(['clip.poster.png', 'clip.rgb', ...names].sort())
  })

  test('reports each pass over the frames, two of them for a GIF', async () => {
    const seen: Progress[] = []
    const { clip } = await aClip({ files, onProgress: (progress) => seen.push(progress) })
    await finishClip(clip)
    const steps = 5 * (1 + 6)
    expect(seen).toEqual(
      Array.from({ length: steps + 1 }, (_, step) => ({ phase: 'encode-video', step, steps })),
    )
  })
})

test('a loop plays forwards and backwards in every format, and repeats neither end', async () => {
  const files = CLIP_FORMATS.map((format) => ({ format, crf: null }))
  const { clip } = await aClip({ files, loop: true })
  const { files: written, frameCount } = await finishClip(clip)
  expect(frameCount).toBe(8)
  const size = { width: 64, height: 48, ffmpegPath }
  for (const { format, path: file } of written) {
    const frames = await decodeFile({ format, file, ...size })
    // Noise: each frame is nearest to the one that it shows.
    const shown = frames.map((frame) => {
      const likeness = FRAMES.map((given) => framePsnr(frame, given))
      return likeness.indexOf(Math.max(...likeness))
    })
    expect(shown).toEqual([0, 1, 2, 3, 4, 3, 2, 1])
  }
  expect(await readdir(clip.framesDir ?? '')).toHaveLength(5)
})

test.each([
  [1, [0]],
  [2, [0, 1]],
  [3, [0, 1, 2, 1]],
])('a loop of %d frames shows %j', (frameCount, order) => {
  expect(frameOrder(frameCount, true)).toEqual(order)
})

test.each([2, 7])('finishClip leaves no half-written file if it is aborted at step %d', async (at) => {
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

test('finishClip writes nothing if it is aborted before it starts', async () => {
  const reason = new Error('the lease was lost')
  const { folder, clip } = await aClip({ signal: AbortSignal.abort(reason) })
  await expect(finishClip(clip)).rejects.toBe(reason)
  expect(await readdir(folder)).toEqual(['clip.rgb'])
})

test('finishClip refuses raw frames of another size', async () => {
  const { folder, clip } = await aClip({ width: 62 })
  await expect(finishClip(clip)).rejects.toThrow('clip.rgb has 46080 bytes')
  expect(await readdir(folder)).toEqual(['clip.rgb'])
})
