import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CheckSeverities, DEFAULT_SEVERITIES } from '../../../../shared/contracts/clip-checks.ts'
import { clipQualitySchema } from '../../../../shared/contracts/result-record.ts'
import { checkClip } from '../../../../worker/jobs/quality/check-clip.ts'
import { encodeMp4 } from '../../../../worker/video/encode-mp4.ts'
import { findFfmpeg } from '../../../../worker/video/ffmpeg-path.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { drawUniform } from '../../../fixtures/uniform.ts'

const WIDTH = 48
const HEIGHT = 32
const FRAMES = 12
const signal = new AbortController().signal

const SCENE_WIDTH = WIDTH + 2 * FRAMES
const scene = (seed: number): Uint8Array => {
  const coarse = drawUniform(seed, 12 * 8 * 3)
  return Uint8Array.from({ length: SCENE_WIDTH * HEIGHT * 3 }, (_, i) => {
    const [x, y, channel] = [Math.floor(i / 3) % SCENE_WIDTH, Math.floor(i / 3 / SCENE_WIDTH), i % 3]
    return 40 + 170 * coarse[(Math.floor(y / 4) * 12 + Math.floor(x / 6)) * 3 + channel]!
  })
}

/** A view of a scene of coloured blocks, `right` pixels from its start. */
const view = (from: Uint8Array, right: number): Uint8Array =>
  Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % WIDTH, Math.floor(i / 3 / WIDTH)]
    return from[(y * SCENE_WIDTH + x + right) * 3 + (i % 3)]!
  })

const SCENE = scene(1)
const PICTURE = view(SCENE, 0)
/** A slow pan, one pixel a frame. */
const PAN = Array.from({ length: FRAMES }, (_, frame) => view(SCENE, frame))

interface Changes {
  readonly frames?: readonly Uint8Array[]
  readonly fitted?: Uint8Array
  readonly nonFiniteValues?: number
  readonly decodeChunkSize?: number
  readonly decodeOverlap?: number
  /** Frame count of the MP4, whose images are not checked. Default: 12. */
  readonly videoFrames?: number
  readonly spoilVideo?: (video: Buffer) => Uint8Array
  /** Severities that replace those of `ALL_FAIL`. */
  readonly severities?: Partial<CheckSeverities>
}

/** Each check rejects the clip, so that a test sees each fault. */
const ALL_FAIL: CheckSeverities = { ...DEFAULT_SEVERITIES, likeness: 'fail', seams: 'fail' }

const SIZE = { width: WIDTH, height: HEIGHT }

const aVideo = async (frames: number): Promise<Buffer> => {
  const output = join(await temporaryDir(), 'a.mp4')
  const { path: ffmpegPath } = await findFfmpeg(process.env)
  await encodeMp4({ ...SIZE, frames: () => PAN.slice(0, frames), fps: 7, output, ffmpegPath, signal })
  return await readFile(output)
}

/** The MP4 with all frames, which is encoded once. */
let whole: Promise<Buffer> | undefined

const check = async (changes: Changes = {}) => {
  const { frames = PAN, fitted = PICTURE, videoFrames = FRAMES, spoilVideo = (video) => video } = changes
  whole ??= aVideo(FRAMES)
  const video = videoFrames === FRAMES ? await whole : await aVideo(videoFrames)
  const dir = await temporaryDir()
  const files = {
    frames: join(dir, 'a.rgb'),
    fitted: join(dir, 'fitted.rgb'),
    video: join(dir, 'a.mp4'),
    videoFrames: FRAMES,
  }
  await writeFile(files.frames, Buffer.concat(frames))
  await writeFile(files.fitted, fitted)
  await writeFile(files.video, spoilVideo(video))
  const quality = await checkClip(
    {
      ...files,
      ...SIZE,
      frameCount: FRAMES,
      nonFiniteValues: changes.nonFiniteValues ?? 0,
      decodeChunkSize: changes.decodeChunkSize ?? null,
      decodeOverlap: changes.decodeOverlap ?? 0,
    },
    { ...ALL_FAIL, ...changes.severities },
    signal,
  )
  expect(clipQualitySchema.parse(JSON.parse(JSON.stringify(quality)))).toEqual(quality)
  return quality
}

const brighter = (frame: Uint8Array, levels: number): Uint8Array => frame.map((value) => value + levels)
const filled = (level: number): Uint8Array => new Uint8Array(PICTURE.length).fill(level)

describe('a good clip', () => {
  test('has figures and no faults', async () => {
    const quality = await check({ decodeChunkSize: 4 })
    expect(quality).toEqual({
      faults: [],
      warnings: [],
      non_finite_values: 0,
      darkest_frame_mean: expect.closeTo(123, -1),
      largest_frame_change: expect.closeTo(10, -1),
      smallest_frame_change: expect.closeTo(10, -1),
      seam_change_ratio: expect.closeTo(1, 0),
      first_frame_psnr_db: 150,
      container_frames: FRAMES,
    })
    expect(quality.largest_frame_change).toBeGreaterThan(quality.smallest_frame_change!)
  })

  test('has no seam ratio when it was decoded at once or frame by frame', async () => {
    expect((await check()).seam_change_ratio).toBeNull()
    expect((await check({ decodeChunkSize: 1 })).seam_change_ratio).toBeNull()
  })

  test('may stand still when the image has one colour', async () => {
    const white = filled(255)
    expect((await check({ frames: PAN.map(() => white), fitted: white })).faults).toEqual([])
  })

  test('may be as dark as its image', async () => {
    const dark = (frame: Uint8Array): Uint8Array => frame.map((value) => value / 20)
    expect((await check({ frames: PAN.map(dark), fitted: dark(PICTURE) })).faults).toEqual([])
  })

  test('may move only slightly', async () => {
    const frames = PAN.map((_, frame) => PICTURE.map((value, i) => (i % 20 === frame ? value + 1 : value)))
    expect((await check({ frames })).faults).toEqual([])
  })
})

const replaced = (index: number, frame: Uint8Array): readonly Uint8Array[] => PAN.with(index, frame)

describe('the checks reject a clip', () => {
  test.each<[string, Changes, string]>([
    [
      'with values that are not numbers',
      { nonFiniteValues: 3 },
      'non-finite: 3 values of the decoded frames were NaN or infinite; none may be',
    ],
    [
      'with a black frame',
      { frames: replaced(7, filled(1)) },
      "black: frame 7 is black: its mean brightness is 1.0, the image's 12",
    ],
    [
      'with a white frame',
      { frames: replaced(7, filled(255)) },
      'blank: frame 7 is blank: its levels spread by 0.0',
    ],
    [
      'with a grey frame',
      { frames: replaced(11, filled(120)) },
      'blank: frame 11 is blank: its levels spread by 0.0',
    ],
    [
      'that stands still',
      { frames: PAN.map(() => PICTURE) },
      'frozen: nothing moves: neighbouring frames differ by 0.000 levels at most; more than 0.02 is expected',
    ],
    [
      'that flickers where decode chunks meet',
      {
        frames: PAN.map((frame, i) => (i % 8 >= 4 ? brighter(frame, 20) : frame)),
        decodeChunkSize: 4,
      },
      'seams: it flickers where decode chunks meet: frames 7 and 8 differ by 2',
    ],
    [
      'that shows another image',
      { fitted: view(scene(2), 0) },
      'likeness: the first frame does not show the image: ',
    ],
  ])('%s', async (_, changes, fault) => {
    const { faults } = await check(changes)
    expect(faults).toEqual([expect.stringContaining(fault)])
    expect(faults[0]?.startsWith(fault)).toBe(true)
  })

  test.each<[string, Changes, string, number]>([
    [
      'lacks a frame',
      { videoFrames: FRAMES - 1 },
      `container: the MP4 has 11 frames; ${FRAMES} are expected`,
      11,
    ],
    [
      'is cut short',
      { spoilVideo: (video) => video.subarray(0, -100) },
      'container: the MP4 cannot be read: its boxes take',
      0,
    ],
    [
      'is not a video',
      { spoilVideo: () => Buffer.from('no video') },
      'container: the MP4 cannot be read: ',
      0,
    ],
  ])('whose MP4 %s', async (_, changes, fault, frames) => {
    const quality = await check(changes)
    expect(quality.faults).toEqual([expect.stringContaining(fault)])
    expect(quality.container_frames).toBe(frames)
  })

  test('with all its faults in one list', async () => {
    const frames = PAN.map(() => filled(0))
    const { faults } = await check({ frames, nonFiniteValues: 1 })
    expect(faults.map((fault) => fault.split(/[:;]/).slice(0, 2).join(':'))).toEqual([
      'non-finite: 1 values of the decoded frames were NaN or infinite',
      'black: frame 0 is black',
      'frozen: nothing moves',
      'likeness: the first frame does not show the image',
    ])
  })
})

describe('the severity of a check', () => {
  const otherPicture = { fitted: view(scene(2), 0) }
  const fault = expect.stringMatching(
    /^likeness: the first frame does not show the image: .* dB is expected$/,
  )

  test('decides whether its fault rejects the clip, is a warning, or is not reported', async () => {
    const at = (likeness: 'fail' | 'warn' | 'off') => check({ ...otherPicture, severities: { likeness } })

    expect(await at('fail')).toMatchObject({ faults: [fault], warnings: [] })
    expect(await at('warn')).toMatchObject({ faults: [], warnings: [fault] })
    expect(await at('off')).toMatchObject({ faults: [], warnings: [] })
  })

  test('changes no figure', async () => {
    const { faults: _, warnings: __, ...figures } = await check(otherPicture)

    expect(await check({ ...otherPicture, severities: { likeness: 'off' } })).toMatchObject(figures)
  })

  test('applies to that check only', async () => {
    const severities = { 'non-finite': 'warn', black: 'off', frozen: 'warn', likeness: 'warn' } as const
    const frames = PAN.map(() => filled(0))

    const { faults, warnings } = await check({
      ...{ frames, nonFiniteValues: 1, severities },
      spoilVideo: () => Buffer.from('no video'),
    })

    expect(faults).toEqual([expect.stringMatching(/^container: /)])
    expect(warnings.map((warning) => warning.split(':')[0])).toEqual(['non-finite', 'frozen', 'likeness'])
  })
})

describe('a brightness step between frames', () => {
  const stepped = PAN.map((frame, i) => (i % 8 >= 4 ? brighter(frame, 20) : frame))

  test('is not a fault where no decode chunks meet', async () => {
    expect((await check({ frames: stepped })).faults).toEqual([])
    expect((await check({ frames: stepped, decodeChunkSize: 6 })).faults).toEqual([])
  })
})

describe('the checks throw an error', () => {
  test('when frames are missing', async () => {
    await expect(check({ frames: PAN.slice(1) })).rejects.toThrow('holds 11 frames, not the 12')
  })

  test('when the file ends within a frame', async () => {
    const frames = [...PAN.slice(1), PAN[0]!.subarray(1)]
    await expect(check({ frames })).rejects.toThrow('frames of 48x32 RGB24 take 4608 each')
  })

  const oneFrame = async () => {
    const dir = await temporaryDir()
    const frames = join(dir, 'a.rgb')
    await writeFile(frames, PICTURE)
    const cut = { frameCount: 1, decodeChunkSize: null, decodeOverlap: 0 }
    return {
      ...SIZE,
      ...cut,
      frames,
      fitted: frames,
      video: join(dir, 'gone.mp4'),
      videoFrames: 1,
      nonFiniteValues: 0,
    }
  }

  test('when a file does not exist', async () => {
    await expect(checkClip(await oneFrame(), ALL_FAIL, signal)).rejects.toThrow('ENOENT')
  })

  test('with the reason of the signal after it has aborted', async () => {
    const stopped = AbortSignal.abort(new Error('the lease was lost'))
    await expect(checkClip(await oneFrame(), ALL_FAIL, stopped)).rejects.toThrow('the lease was lost')
  })
})
