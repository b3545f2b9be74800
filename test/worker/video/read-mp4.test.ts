import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findFfmpeg } from '../../../worker/video/ffmpeg-path.ts'
import { readMp4 } from '../../../worker/video/read-mp4.ts'

const run = promisify(execFile)
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'read-mp4-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A test image that ffmpeg draws itself, so that nothing of the encoder under test is in the file. */
const aVideo = async (name: string, ...options: string[]): Promise<string> => {
  const file = path.join(folder, name)
  const { path: ffmpeg } = await findFfmpeg({})
  await run(ffmpeg, ['-f', 'lavfi', '-i', 'testsrc=size=96x64:rate=7', ...options, '-y', file])
  return file
}

test('readMp4 returns container, codec, size, frames and rate', async () => {
  const file = await aVideo('a.mp4', '-frames:v', '9', '-c:v', 'libx264', '-pix_fmt', 'yuv420p')
  expect(await readMp4(file)).toEqual({
    container: 'isom',
    codec: expect.stringMatching(/^avc1\.[0-9a-f]{6}$/),
    width: 96,
    height: 64,
    frameCount: 9,
    fps: 7,
    durationSeconds: 9 / 7,
    faststart: false,
    colour: undefined,
  })
})

test('readMp4 returns the colour tags, and whether the index is in front', async () => {
  const tags = ['-color_primaries', 'bt470bg', '-color_trc', 'smpte240m', '-colorspace', 'smpte170m']
  const file = await aVideo('b.mp4', '-frames:v', '2', ...tags, '-movflags', '+faststart+write_colr')
  const video = await readMp4(file)
  expect(video.faststart).toBe(true)
  expect(video.colour).toEqual({ primaries: 5, transfer: 7, matrix: 6, fullRange: false })
})

test('readMp4 returns no rate for frames of different durations', async () => {
  const file = await aVideo('c.mp4', '-vf', "select='not(eq(n,2))'", '-vsync', 'vfr', '-frames:v', '6')
  expect((await readMp4(file)).fps).toBeUndefined()
})

test('readMp4 reads a file of several chunks whose index is last', async () => {
  const options = ['-frames:v', '300', '-vf', 'noise=alls=100:allf=t', '-c:v', 'libx264', '-qp', '0']
  const file = await aVideo('long.mp4', ...options, '-pix_fmt', 'yuv420p')
  expect((await stat(file)).size).toBeGreaterThan(2.5 * 2 ** 20)
  expect(await readMp4(file)).toMatchObject({ frameCount: 300, fps: 7, width: 96, height: 64 })
  await truncate(file, 2 * 2 ** 20)
  await expect(readMp4(file)).rejects.toThrow('is not a complete MP4 video')
})

test('readMp4 refuses a file that was truncated at any point', async () => {
  const file = await aVideo('d.mp4', '-frames:v', '4', '-movflags', '+faststart')
  const { length } = await readFile(file)
  for (const share of [0.999, 0.7, 0.3, 0.05, 0]) {
    await truncate(file, Math.floor(length * share))
    await expect(readMp4(file), `${share} of it`).rejects.toThrow(/d\.mp4 is not a complete MP4 video: /)
  }
})

test.each([
  ['text', Buffer.from('this is not a video, though it is a file')],
  ['zeros', Buffer.alloc(4096)],
])('readMp4 refuses a file of %s', async (name, bytes) => {
  const file = path.join(folder, name)
  await writeFile(file, bytes)
  await expect(readMp4(file)).rejects.toThrow('is not a complete MP4 video')
})

test('readMp4 refuses a file that has sound as well', async () => {
  const file = await aVideo('e.mp4', '-f', 'lavfi', '-i', 'sine=duration=1', '-t', '1')
  await expect(readMp4(file)).rejects.toThrow('2 tracks, 1 of them video')
})
