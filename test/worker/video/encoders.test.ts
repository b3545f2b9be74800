import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import { CLIP_FORMATS, type ClipFormat, FORMAT_TRAITS } from '../../../shared/contracts/clip-format.ts'
import type { FileRequest } from '../../../worker/video/encode-file.ts'
import { ENCODERS } from '../../../worker/video/encoders.ts'
import { describeFile } from '../../../worker/video/written-file.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { decodeFile } from './decode-file.ts'
import { writeFakeFfmpeg } from './fake-ffmpeg.ts'
import { FFMPEGS } from './ffmpeg-binaries.ts'
import { framePsnr, movingFrames, noiseFrames } from './frames.ts'

const run = promisify(execFile)
const WIDTH = 64
const HEIGHT = 48
const never = new AbortController().signal

let folder: string
beforeEach(async () => {
  folder = await temporaryDir()
})

const aRequest = (
  format: ClipFormat,
  ffmpegPath: string,
  frames: readonly Uint8Array[],
  changes: Partial<FileRequest> = {},
): FileRequest => ({
  frames: () => frames,
  ...{ width: WIDTH, height: HEIGHT, fps: 7, crf: null },
  output: path.join(folder, `out${FORMAT_TRAITS[format].ending}`),
  ffmpegPath,
  signal: never,
  ...changes,
})

/** Least PSNR of a frame, in dB. Least with both builds: mp4 43.5, webm 39.5, gif 32.7, prores 53.6; PNG is lossless. */
const LEAST_DB: Readonly<Record<ClipFormat, number>> = {
  mp4: 42,
  webm: 38,
  gif: 31,
  prores: 52,
  png: Number.POSITIVE_INFINITY,
}

/** Durations of a GIF's frames in hundredths of a second, from the extension before each. */
const delaysOf = (gif: Buffer): readonly number[] => {
  const EXTENSION = Buffer.from([0x21, 0xf9, 0x04])
  const delays: number[] = []
  for (let at = gif.indexOf(EXTENSION); at !== -1; at = gif.indexOf(EXTENSION, at + 1))
    delays.push(gif.readUInt16LE(at + 4))
  return delays
}

describe.each(FFMPEGS)('with the ffmpeg of $name', ({ ffmpegPath }) => {
  describe.each(CLIP_FORMATS)('the encoder for %s', (format) => {
    const { encode } = ENCODERS[format]
    const decode = (file: string) => decodeFile({ format, file, width: WIDTH, height: HEIGHT, ffmpegPath })

    test('writes the given number of frames, in their size and at their rate', async () => {
      for (const [count, fps] of [
        [1, 7],
        [2, 1],
        [14, 7],
        [25, 30],
        [25, 50],
      ] as const) {
        const request = aRequest(format, ffmpegPath, movingFrames(count, WIDTH, HEIGHT), { fps })
        const rate = format === 'png' ? null : fps
        expect(await encode(request)).toMatchObject({
          ...{ frameCount: count, fps: rate, width: WIDTH, height: HEIGHT },
        })
        expect(await decode(request.output)).toHaveLength(count)
      }
    })

    test('writes the given frames in order', async () => {
      const frames = movingFrames(14, WIDTH, HEIGHT)
      const request = aRequest(format, ffmpegPath, frames)
      await encode(request)
      const decoded = await decode(request.output)
      const likeness = decoded.map((frame, index) => framePsnr(frame, frames[index]!))
      expect(Math.min(...likeness)).toBeGreaterThanOrEqual(LEAST_DB[format])
      // The neighbour differs more, so no frame is shown at the position of another.
      const misplaced = decoded.slice(1).map((frame, index) => framePsnr(frame, frames[index]!))
      for (const [index, db] of misplaced.entries()) expect(db).toBeLessThan(likeness[index + 1]!)
    })

    test('writes the same bytes for the same frames', async () => {
      const frames = noiseFrames(5, WIDTH, HEIGHT)
      const hashes = []
      for (const name of ['a', 'b']) {
        const output = path.join(folder, name)
        await encode(aRequest(format, ffmpegPath, frames, { output }))
        hashes.push((await describeFile(output, never)).sha256)
      }
      expect(hashes[1]).toBe(hashes[0])
    })

    test('writes no date and no version', async () => {
      const request = aRequest(format, ffmpegPath, movingFrames(2, WIDTH, HEIGHT))
      await encode(request)
      const text = (await readFile(request.output)).toString('latin1')
      expect(text).not.toMatch(/x264 - core|Lavf\d|Lavc\d|20\d\d-\d\d/)
    })

    test('leaves no file if it is aborted while it waits for the next frame', async () => {
      const controller = new AbortController()
      const reason = new Error('the lease was lost')
      async function* framesThenSilence() {
        yield* movingFrames(2, WIDTH, HEIGHT)
        controller.abort(reason)
        await new Promise(() => {})
      }
      const { signal } = controller
      const request = aRequest(format, ffmpegPath, [], { frames: framesThenSilence, signal })
      await expect(encode(request)).rejects.toBe(reason)
      expect(await readdir(folder)).toEqual([])
    })

    test('leaves the earlier file if the frames fail half-way', async () => {
      const request = aRequest(format, ffmpegPath, movingFrames(2, WIDTH, HEIGHT))
      await encode(request)
      const before = await describeFile(request.output, never)
      const failure = new Error('decode failed')
      async function* failing() {
        yield* movingFrames(3, WIDTH, HEIGHT)
        throw failure
      }
      await expect(encode({ ...request, frames: failing })).rejects.toBe(failure)
      expect(await readdir(folder)).toEqual([path.basename(request.output)])
      expect(await describeFile(request.output, never)).toEqual(before)
    })

    test('refuses a frame of the wrong size, and a clip without frames', async () => {
      const wrong = [...noiseFrames(1, WIDTH, HEIGHT), ...noiseFrames(1, WIDTH, HEIGHT - 2)]
      await expect(encode(aRequest(format, ffmpegPath, wrong))).rejects.toThrow(
        'frame 1 has 8832 bytes; 64x48 RGB24 takes 9216',
      )
      await expect(encode(aRequest(format, ffmpegPath, []))).rejects.toThrow('at least one frame')
      expect(await readdir(folder)).toEqual([])
    })
  })

  const probe = async (format: ClipFormat): Promise<string> => {
    const request = aRequest(format, ffmpegPath, movingFrames(3, WIDTH, HEIGHT))
    await ENCODERS[format].encode(request)
    const { stderr } = await run(ffmpegPath, ['-i', request.output, '-f', 'null', '-'])
    return stderr.slice(stderr.indexOf('Input #0'), stderr.indexOf('Output #0'))
  }

  test('a WebM has VP9, tagged as BT.709', async () => {
    const found = await probe('webm')
    expect(found).toMatch(/matroska,webm/)
    expect(found).toMatch(/Video: vp9 \(Profile 0\), yuv420p\(tv, bt709[,)]/)
  })

  test('a ProRes file has 422 HQ of 10 bits, tagged as BT.709', async () => {
    const found = await probe('prores')
    expect(found).toMatch(/mov,mp4/)
    expect(found).toMatch(/Video: prores \((HQ\) \()?apch .*yuv422p10le\((tv, )?bt709/)
  })

  test.each(['mp4', 'webm'] as const)('a lower crf makes a larger and better %s', async (format) => {
    const frames = noiseFrames(4, WIDTH, HEIGHT)
    const figures = []
    for (const crf of [10, 30, 50]) {
      const request = aRequest(format, ffmpegPath, frames, { crf })
      await ENCODERS[format].encode(request)
      const [first] = await decodeFile({
        format,
        file: request.output,
        width: WIDTH,
        height: HEIGHT,
        ffmpegPath,
      })
      const { sizeBytes } = await describeFile(request.output, never)
      figures.push({ sizeBytes, db: framePsnr(first!, frames[0]!) })
    }
    expect(figures.map(({ sizeBytes }) => sizeBytes)).toEqual(
      figures.map(({ sizeBytes }) => sizeBytes).toSorted((a, b) => b - a),
    )
    expect(figures.map(({ db }) => db)).toEqual(figures.map(({ db }) => db).toSorted((a, b) => b - a))
    expect(figures[0]!.sizeBytes).toBeGreaterThan(2 * figures[2]!.sizeBytes)
  })

  test('a GIF repeats without end and lasts as long as the clip', async () => {
    const request = aRequest('gif', ffmpegPath, movingFrames(14, WIDTH, HEIGHT))
    await ENCODERS.gif.encode(request)
    const bytes = await readFile(request.output)
    const extension = bytes.indexOf('NETSCAPE2.0')
    expect(extension).toBeGreaterThan(0)
    expect([...bytes.subarray(extension + 11, extension + 16)]).toEqual([3, 1, 0, 0, 0])
    const delays = delaysOf(bytes)
    expect(delays).toHaveLength(14)
    expect(delays.reduce((sum, delay) => sum + delay)).toBeGreaterThanOrEqual(199)
    expect(delays.reduce((sum, delay) => sum + delay)).toBeLessThanOrEqual(201)
  })
})

/** An ffmpeg that writes twice the requested number of frames, and reads correctly. */
const doubling = async (ffmpegPath: string): Promise<string> =>
  writeFakeFfmpeg(
    folder,
    `case "$*" in *framecrc*|*palettegen*) exec '${ffmpegPath}' "$@";; esac
exec bash -c 'exec "$0" "\${@:1:$#-1}" -vsync 1 -r 14 "\${@: -1}"' '${ffmpegPath}' "$@"`,
  )

test.each(['mp4', 'webm', 'gif', 'prores'] as const)(
  'a %s is not kept if its frames differ in number from the given frames',
  async (format) => {
    const [{ ffmpegPath } = { ffmpegPath: '' }] = FFMPEGS
    const request = aRequest(format, await doubling(ffmpegPath), movingFrames(4, WIDTH, HEIGHT))
    await expect(ENCODERS[format].encode(request)).rejects.toThrow(/^the written file has the /)
    expect(await readdir(folder)).toEqual(['ffmpeg'])
  },
)

test.each(['mp4', 'webm', 'gif', 'prores'] as const)(
  'a %s of a size that no video has is refused before ffmpeg is started',
  async (format) => {
    const request = aRequest(format, '/nowhere', [], { width: 63 })
    await expect(ENCODERS[format].encode(request)).rejects.toThrow(/^width: 63 is not an even number/)
    expect(await readdir(folder)).toEqual([])
  },
)

test('a ZIP of frames has the same bytes in every time zone', async () => {
  const [{ ffmpegPath } = { ffmpegPath: '' }] = FFMPEGS
  const request = aRequest('png', ffmpegPath, movingFrames(2, WIDTH, HEIGHT))
  await ENCODERS.png.encode(request)
  const zip = await readFile(request.output)
  // The time and the date of the first entry: midnight of 1 January 1980, in no zone.
  expect([...zip.subarray(10, 14)]).toEqual([0, 0, 0x21, 0])
})
