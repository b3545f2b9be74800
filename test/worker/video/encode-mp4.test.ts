import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FileRequest } from '../../../worker/video/encode-file.ts'
import { encodeMp4 } from '../../../worker/video/encode-mp4.ts'
import { writeFakeFfmpeg } from './fake-ffmpeg.ts'
import { FFMPEGS } from './ffmpeg-binaries.ts'
import { noiseFrames, solidFrame } from './frames.ts'

const run = promisify(execFile)
const WIDTH = 64
const HEIGHT = 48

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'encode-mp4-'))
})
afterEach(() => rm(folder, { recursive: true }))

const sha256 = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')

interface Changes extends Partial<Omit<FileRequest, 'frames'>> {
  readonly frames?: ReturnType<FileRequest['frames']>
}

const aRequest = (
  ffmpegPath: string,
  { frames = noiseFrames(2, WIDTH, HEIGHT), ...changes }: Changes = {},
): FileRequest => ({
  frames: () => frames,
  width: WIDTH,
  height: HEIGHT,
  fps: 7,
  output: path.join(folder, 'out.mp4'),
  ffmpegPath,
  signal: new AbortController().signal,
  ...changes,
})

/** Ends only when the test is over, as a renderer that is busy with the next frame. */
async function* framesThenSilence(frames: Uint8Array[], onSilence: () => void) {
  yield* frames
  onSilence()
  await new Promise(() => {})
}

describe.each(FFMPEGS)('with the ffmpeg of $name', ({ ffmpegPath }) => {
  test.each([1, 2, 14, 25])(
    'encodeMp4 writes as many frames as it is given, at every rate: %i',
    async (count) => {
      for (const fps of [1, 7, 30]) {
        const frames = noiseFrames(count, WIDTH, HEIGHT)
        const video = await encodeMp4(aRequest(ffmpegPath, { frames, fps }))
        expect(video).toMatchObject({ frameCount: count, fps, width: WIDTH, height: HEIGHT, faststart: true })
        expect(video.durationSeconds).toBeCloseTo(count / fps, 9)
      }
    },
  )

  test('encodeMp4 converts by BT.709, so that pure red is 63, 102, 240', async () => {
    const frames = Array.from({ length: 14 }, () => solidFrame(WIDTH, HEIGHT, [255, 0, 0]))
    const request = aRequest(ffmpegPath, { frames })
    await encodeMp4(request)
    const raw = path.join(folder, 'out.yuv')
    await run(ffmpegPath, ['-i', request.output, '-f', 'rawvideo', '-pix_fmt', 'yuv420p', raw])
    const decoded = await readFile(raw)
    const [luma, chroma] = [WIDTH * HEIGHT, (WIDTH * HEIGHT) / 4]
    expect(decoded.length).toBe(14 * (luma + 2 * chroma))
    expect(new Set(decoded.subarray(0, luma))).toEqual(new Set([63]))
    expect(new Set(decoded.subarray(luma, luma + chroma))).toEqual(new Set([102]))
    expect(new Set(decoded.subarray(luma + chroma, luma + 2 * chroma))).toEqual(new Set([240]))
  })

  test('encodeMp4 tags BT.709 in the container and in the H.264 stream', async () => {
    const request = aRequest(ffmpegPath)
    const video = await encodeMp4(request)
    expect(video.colour).toEqual({ primaries: 1, transfer: 1, matrix: 1, fullRange: false })
    // ffmpeg reads the tags of a bare stream from the stream alone.
    const stream = path.join(folder, 'out.h264')
    await run(ffmpegPath, ['-i', request.output, '-c', 'copy', stream])
    const { stderr } = await run(ffmpegPath, ['-i', stream, '-f', 'null', '-'])
    expect(stderr).toMatch(/Input #0.*Video: h264 \([\w ]+\), yuv420p\(tv, bt709/s)
  })

  test('encodeMp4 writes the same bytes for the same frames', async () => {
    const outputs = ['a.mp4', 'b.mp4'].map((name) => path.join(folder, name))
    for (const output of outputs) {
      await encodeMp4(aRequest(ffmpegPath, { frames: noiseFrames(14, WIDTH, HEIGHT), output }))
    }
    const [first, second] = await Promise.all(outputs.map(sha256))
    expect(second).toBe(first)
  })

  test('encodeMp4 writes no date and no version', async () => {
    const request = aRequest(ffmpegPath)
    await encodeMp4(request)
    expect((await readFile(request.output)).toString('latin1')).not.toMatch(
      /x264 - core|Lavf\d|Lavc\d|20\d\d-/,
    )
  })

  test('encodeMp4 leaves no file if it is aborted while it waits for the next frame', async () => {
    const controller = new AbortController()
    const reason = new Error('the lease was lost')
    const frames = framesThenSilence(noiseFrames(3, WIDTH, HEIGHT), () => controller.abort(reason))
    const encoding = encodeMp4(aRequest(ffmpegPath, { frames, signal: controller.signal }))
    await expect(encoding).rejects.toBe(reason)
    expect(await readdir(folder)).toEqual([])
  })

  test('encodeMp4 leaves the earlier file if the frames fail half-way', async () => {
    const request = aRequest(ffmpegPath)
    await encodeMp4(request)
    const before = await sha256(request.output)
    const failure = new Error('decode failed')
    async function* failing() {
      yield* noiseFrames(3, WIDTH, HEIGHT, 2)
      throw failure
    }
    await expect(encodeMp4({ ...request, frames: failing })).rejects.toBe(failure)
    expect(await readdir(folder)).toEqual(['out.mp4'])
    expect(await sha256(request.output)).toBe(before)
  })

  test('encodeMp4 refuses a frame of the wrong size and leaves no file', async () => {
    const frames = [...noiseFrames(1, WIDTH, HEIGHT), ...noiseFrames(1, WIDTH, HEIGHT - 2)]
    await expect(encodeMp4(aRequest(ffmpegPath, { frames }))).rejects.toThrow(
      'frame 1 has 8832 bytes; 64x48 RGB24 takes 9216',
    )
    expect(await readdir(folder)).toEqual([])
  })

  test('encodeMp4 refuses a video without frames', async () => {
    await expect(encodeMp4(aRequest(ffmpegPath, { frames: [] }))).rejects.toThrow('at least one frame')
    expect(await readdir(folder)).toEqual([])
  })

  test('encodeMp4 writes to a path with characters special to ffmpeg', async () => {
    const output = path.join(folder, 'new folder', 'pipe:%03d -y.mp4')
    await encodeMp4(aRequest(ffmpegPath, { output }))
    expect(await readdir(path.dirname(output))).toEqual(['pipe:%03d -y.mp4'])
  })
})

describe('encodeMp4 with a broken ffmpeg', () => {
  const aScript = (body: string): Promise<string> => writeFakeFfmpeg(folder, body)

  test('reports what ffmpeg printed before it exited', async () => {
    const ffmpegPath = await aScript('head -c 9216 >/dev/null; echo "Unknown encoder libx264" >&2; exit 3')
    const encoding = encodeMp4(aRequest(ffmpegPath))
    await expect(encoding).rejects.toThrow('ffmpeg exited with code 3')
    await expect(encoding).rejects.toMatchObject({
      name: 'FfmpegFailedError',
      stderr: 'Unknown encoder libx264\n',
    })
    expect(await readdir(folder)).toEqual(['ffmpeg'])
  })

  test('keeps the last 64 KB of what ffmpeg printed', async () => {
    const ffmpegPath = await aScript('head -c 200000 /dev/zero | tr "\\0" x >&2; echo "the end" >&2; exit 1')
    const error: unknown = await encodeMp4(aRequest(ffmpegPath)).catch((reason: unknown) => reason)
    const { stderr } = error as { stderr: string }
    expect(stderr.length).toBe(64 * 1024)
    expect(stderr.endsWith('xthe end\n')).toBe(true)
  })

  test('reports that ffmpeg was killed by SIGKILL', async () => {
    const encoding = encodeMp4(aRequest(await aScript('kill -9 $$')))
    await expect(encoding).rejects.toThrow('SIGKILL')
  })

  test('refuses a file that is not a video, though ffmpeg exited with code 0', async () => {
    const encoding = encodeMp4(aRequest(await aScript('cat >/dev/null; for o; do :; done; echo no > "$o"')))
    await expect(encoding).rejects.toThrow('is not a complete MP4 video')
    expect(await readdir(folder)).toEqual(['ffmpeg'])
  })

  test('fails if ffmpeg exits before it has read all frames', async () => {
    const frames = framesThenSilence(noiseFrames(1, WIDTH, HEIGHT), () => {})
    await expect(encodeMp4(aRequest(await aScript('exit 0'), { frames }))).rejects.toThrow(
      'ended before it had read every frame',
    )
  })

  test('kills an ffmpeg that ignores SIGTERM and a closed input', async () => {
    const controller = new AbortController()
    const ffmpegPath = await aScript('trap "" TERM; head -c 1 >/dev/null; while :; do read x; done')
    const frames = framesThenSilence(noiseFrames(1, WIDTH, HEIGHT), () => controller.abort())
    const encoding = encodeMp4(aRequest(ffmpegPath, { frames, signal: controller.signal }))
    await expect(encoding).rejects.toMatchObject({ name: 'AbortError' })
    expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([])
  })

  test('reports a program that does not exist, the first time and the second', async () => {
    for (let i = 0; i < 2; i++) {
      await expect(encodeMp4(aRequest(path.join(folder, 'none')))).rejects.toThrow('ENOENT')
    }
  })
})

test.each([
  ['width', { width: 63 }],
  ['height', { height: 0 }],
  ['fps', { fps: 0 }],
  ['fps', { fps: 7.5 }],
])('encodeMp4 refuses the %s of %j before it starts ffmpeg', async (field, changes) => {
  await expect(encodeMp4(aRequest('/nowhere', changes))).rejects.toThrow(new RegExp(`^${field}: `))
})

const ffprobe = await run('ffprobe', ['-version']).then(
  () => true,
  () => false,
)
test('ffprobe finds the same tags and the number of frames', async ({ skip }) => {
  skip(!ffprobe, 'there is no ffprobe on PATH')
  for (const { ffmpegPath } of FFMPEGS) {
    const request = aRequest(ffmpegPath, { frames: noiseFrames(14, WIDTH, HEIGHT) })
    await encodeMp4(request)
    const shown = ['-count_frames', '-show_streams', '-of', 'json', request.output]
    const { stdout } = await run('ffprobe', ['-v', 'error', ...shown])
    expect(JSON.parse(stdout).streams).toEqual([
      expect.objectContaining({
        codec_name: 'h264',
        pix_fmt: 'yuv420p',
        color_range: 'tv',
        color_space: 'bt709',
        color_transfer: 'bt709',
        color_primaries: 'bt709',
        avg_frame_rate: '7/1',
        start_time: '0.000000',
        nb_read_frames: '14',
      }),
    ])
  }
})
