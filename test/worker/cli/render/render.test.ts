import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../../shared/contracts/invalid-input.ts'
import { DEMO_CHECKPOINT } from '../a-command-line.ts'
import { aFolderOfImages, renderCommand } from './render-command.ts'

/** A path in the hidden folder of a job, which ends with these. */
const staged = (folder: string, file: string): unknown =>
  expect.stringMatching(new RegExp(`${folder}/\\.svd-[0-9a-f-]{36}\\.partial/${file}$`))

const SHA256: unknown = expect.stringMatching(/^[0-9a-f]{64}$/)

describe('svd render of one image', () => {
  test('renders with the defaults of the checkpoint', async () => {
    const { at } = await aFolderOfImages('cup.jpg')
    const { exitCode, jobs, renderers } = await renderCommand([at('cup.jpg'), '--output', at('out/cup.mp4')])
    expect(exitCode).toBe(0)
    expect(renderers).toEqual({ opened: 1, open: 0 })
    expect(jobs).toEqual([
      {
        device: { provider: 'cpu' },
        checkpointDir: DEMO_CHECKPOINT,
        variant: null,
        source: { path: staged('out', 'source.rgb'), sha256: SHA256, width: 640, height: 480 },
        fitted: { path: staged('out', 'fitted.rgb'), sha256: SHA256, width: 192, height: 128 },
        parameters: {
          width: 192,
          height: 128,
          numFrames: 14,
          numInferenceSteps: 10,
          sigmas: null,
          minGuidanceScale: 1,
          maxGuidanceScale: 1.5,
          fps: 7,
          motionBucketId: 127,
          noiseAugStrength: 0.02,
          decodeChunkSize: null,
          numVideosPerPrompt: 1,
          seed: 0n,
          fit: 'fill',
          decodeOverlap: 0,
          format: ['mp4'],
          crf: null,
          loop: false,
          metadata: true,
        },
        memory: 'auto',
        keepWarm: false,
        threads: 0,
        outputs: [staged('out', 'cup.rgb')],
        cacheDir: expect.stringMatching(/svd-batch$/),
      },
    ])
  })

  test('accepts every argument of the reference as an option', async () => {
    const { folder, at } = await aFolderOfImages('cup.jpg')
    const { jobs } = await renderCommand([
      ...[at('cup.jpg'), '--output', at('cup.mp4'), '--width', '256', '--height', '64', '--num-frames', '9'],
      ...[
        '--sigmas',
        '700, 15.6,.5,0',
        '--min-guidance-scale',
        '1.5',
        '--max-guidance-scale',
        '2e0',
        '--fps',
        '12',
      ],
      ...['--motion-bucket-id', '60', '--noise-aug-strength', '1e-1', '--decode-chunk-size', '4'],
      ...['--num-inference-steps', '3', '--num-videos-per-prompt', '2', '--seed', '-9007199254740993'],
      ...[
        '--fit',
        'crop',
        '--decode-overlap',
        '2',
        '--variant',
        'fp16',
        '--memory',
        'low-vram',
        '--threads',
        '2',
      ],
      ...['--frames-dir', at('frames')],
    ])
    expect(jobs).toMatchObject([
      {
        variant: 'fp16',
        memory: 'low-vram',
        threads: 2,
        parameters: {
          width: 256,
          height: 64,
          numFrames: 9,
          numInferenceSteps: 3,
          sigmas: [700, 15.6, 0.5, 0],
          minGuidanceScale: 1.5,
          maxGuidanceScale: 2,
          fps: 12,
          motionBucketId: 60,
          noiseAugStrength: 0.1,
          decodeChunkSize: 4,
          numVideosPerPrompt: 2,
          seed: -9007199254740993n,
          fit: 'crop',
          decodeOverlap: 2,
        },
        fitted: { width: 256, height: 64 },
        outputs: [staged('', 'cup-0.rgb'), staged('', 'cup-1.rgb')],
      },
    ])
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      ...['cup-0.json', 'cup-0.mp4', 'cup-0.poster.png', 'cup-1.json', 'cup-1.mp4', 'cup-1.poster.png'],
      'cup.jpg',
      ...['frames', 'frames/cup-0', 'frames/cup-0/0000.png', 'frames/cup-1', 'frames/cup-1/0000.png'],
    ])
  })

  test('accepts the name of a schedule in --sigmas', async () => {
    const { at } = await aFolderOfImages('cup.jpg')
    const { jobs } = await renderCommand([
      at('cup.jpg'),
      '--output',
      at('o.mp4'),
      '--sigmas',
      'align-your-steps',
    ])
    expect(jobs[0]?.parameters.sigmas).toBe('align-your-steps')
  })

  test('prints its files, the seconds of each phase, and the peak memory', async () => {
    const { at } = await aFolderOfImages('cup.jpg')
    const { stdout, stderr } = await renderCommand([at('cup.jpg'), '--output', at('cup.mp4')])
    expect(stdout.replaceAll(path.dirname(at('x')), 'DIR').replace(/\d+\.?\d* B/, 'N B')).toBe(
      'DIR/cup.mp4  14 frames, 192x128, 7 fps, N B\n' +
        'DIR/cup.poster.png  poster\n' +
        'DIR/cup.json  record\n' +
        '11.8 s: load 1.0, image 0.3, denoise 8.0, decode 2.0, video 0.5; peak memory 412 MB (offload)\n',
    )
    expect(stderr).toBe('')
  })

  test.each([
    [{ decodeFallbacks: 2, fallbackChunk: null }, '; 2 chunks were decoded again in fp32'],
    [{ decodeFallbacks: 1, fallbackChunk: 4 }, '; 1 chunks were decoded again in fp32, 4 frames at once'],
  ])('prints how many chunks were decoded again for %j', async (decodedAgain, text) => {
    const { at } = await aFolderOfImages('cup.jpg')
    const args = [at('cup.jpg'), '--output', at('cup.mp4')]
    const { stdout } = await renderCommand(args, { decodedAgain })
    expect(stdout).toMatch(new RegExp(`\\(offload\\)${text}\n$`))
  })

  test('prints one JSON object with these keys with --json', async () => {
    const { at } = await aFolderOfImages('cup.jpg')
    const args = [at('cup.jpg'), '--output', at('cup.mp4'), '--frames-dir', at('frames'), '--json']
    const { stdout } = await renderCommand(args)
    const video = await readFile(at('cup.mp4'))
    expect(JSON.parse(stdout)).toEqual({
      status: 'succeeded',
      image: at('cup.jpg'),
      converted_from: null,
      checkpoint: DEMO_CHECKPOINT,
      variant: null,
      parameters: {
        width: 192,
        height: 128,
        num_frames: 14,
        num_inference_steps: 10,
        sigmas: null,
        min_guidance_scale: 1,
        max_guidance_scale: 1.5,
        fps: 7,
        motion_bucket_id: 127,
        noise_aug_strength: 0.02,
        decode_chunk_size: null,
        num_videos_per_prompt: 1,
        seed: 0,
        fit: 'fill',
        decode_overlap: 0,
      },
      warnings: expect.any(Array),
      steps: 10,
      decode_fallbacks: 0,
      decode_fallback_chunk_size: null,
      decode_chunk_size: 14,
      videos: [
        {
          path: at('cup.mp4'),
          size_bytes: video.length,
          sha256: createHash('sha256').update(video).digest('hex'),
          frames: 14,
          poster: {
            path: at('cup.poster.png'),
            size_bytes: 6,
            sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          },
          record: at('cup.json'),
          frames_dir: at('frames'),
          files: [
            {
              format: 'mp4',
              path: at('cup.mp4'),
              size_bytes: video.length,
              sha256: createHash('sha256').update(video).digest('hex'),
            },
          ],
        },
      ],
      seconds: { load: 1, encode_image: 0.25, denoise: 8, decode: 2, encode_video: 0.5, total: 11.75 },
      peak_memory_bytes: 412_000_000,
      memory_mode: 'offload',
      device: {
        execution_provider: 'cpu',
        name: expect.any(String),
        precision: 'fp32',
        compute_capability: null,
        driver_version: null,
        logical_cores: expect.any(Number),
        threads: 0,
      },
      versions: { svd_batch: '0.1.0', onnxruntime: '1.30.0', node: process.versions.node },
    })
  })

  test.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', '9007199254740992'],
    ['18446744073709551615', '18446744073709551615'],
    ['-9223372036854775808', '-9223372036854775808'],
  ])('prints the seed %s without losing digits', async (typed, reported) => {
    const { at } = await aFolderOfImages('cup.jpg')
    const { stdout } = await renderCommand([
      at('cup.jpg'),
      '--output',
      at('cup.mp4'),
      '--json',
      '--seed',
      typed,
    ])
    expect(JSON.parse(stdout).parameters.seed).toBe(reported)
  })
})

test('svd render fails and writes no clip when decoded values are not finite', async () => {
  const { folder, at } = await aFolderOfImages('a.jpg')
  const { exitCode, stderr } = await renderCommand([at('a.jpg'), '--output', at('a.mp4')], {
    nonFiniteValues: 12,
  })
  expect(exitCode).toBe(1)
  expect(stderr).toContain(
    "error: the decoded video holds 12 values that are NaN or infinite: the networks' numbers overflowed\n",
  )
  expect(await readdir(folder)).toEqual(['a.jpg'])
})

test('svd render replaces the files of an earlier run, including frames', async () => {
  const { folder, at } = await aFolderOfImages('a.jpg', 'a.mp4', 'a.poster.png')
  await mkdir(at('frames'))
  await writeFile(at('frames/0000.png'), 'old')
  const args = [at('a.jpg'), '--output', at('a.mp4'), '--frames-dir', at('frames')]
  expect(await renderCommand(args)).toMatchObject({ exitCode: 0 })
  expect(await readFile(at('a.mp4'), 'utf8')).toMatch(/^video/)
  expect(await readFile(at('frames/0000.png'), 'utf8')).toBe('frame')
  expect((await readdir(folder, { recursive: true })).sort()).toEqual([
    ...['a.jpg', 'a.json', 'a.mp4', 'a.poster.png', 'frames', 'frames/0000.png'],
  ])
})

test('svd render creates no folder for an invalid image, and keeps an empty folder', async () => {
  const { folder, at } = await aFolderOfImages('a.jpg')
  await mkdir(at('frames'))
  const args = [at('a.jpg'), '--output', at('x/y/a.mp4'), '--frames-dir', at('frames')]
  const failures = { 'a.jpg': new InvalidInputError(at('a.jpg'), 'is not an image') }
  expect(await renderCommand(args, { failures, failAt: 'prepare' })).toMatchObject({ exitCode: 2 })
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a.jpg', 'frames'])
})

test.each([['--output'], ['--output-dir']])(
  'svd render writes frames into the folder of the video with %s',
  async (option) => {
    const { folder, at } = await aFolderOfImages('a.jpg')
    const output = option === '--output' ? at('o/a.mp4') : at('o')
    const args = [at('a.jpg'), option, output, '--frames-dir', at('o')]
    expect(await renderCommand(args)).toMatchObject({ exitCode: 0, stderr: '' })
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      ...['a.jpg', 'o', 'o/0000.png', 'o/a.json', 'o/a.mp4', 'o/a.poster.png'],
    ])
    expect(await readFile(at('o/0000.png'), 'utf8')).toBe('frame')
  },
)

test('svd render prints the stack trace of a failure when SVD_DEBUG is 1', async () => {
  const { at } = await aFolderOfImages('a.jpg')
  const { stderr } = await renderCommand([at('a.jpg'), '--output', at('a.mp4')], {
    failures: { 'a.jpg': new Error('no luck', { cause: new Error('bad stars') }) },
    environment: { PATH: process.env['PATH'], SVD_DEBUG: '1' },
  })
  expect(stderr).toMatch(/Error: no luck\n +at [\s\S]*cause[\s\S]*bad stars/)
})

describe('the progress of svd render', () => {
  const progress = [
    { phase: 'load', step: 0, steps: 1 },
    { phase: 'denoise', step: 0, steps: 10 },
    { phase: 'denoise', step: 4, steps: 10 },
  ] as const

  test('is shown on a terminal', async () => {
    const { at } = await aFolderOfImages('a.jpg')
    const { stderr, stdout } = await renderCommand([at('a.jpg'), '--output', at('a.mp4')], {
      terminal: true,
      progress,
    })
    expect(stderr).toContain('denoising')
    expect(stdout).not.toContain('denoising')
  })

  test.each([
    ['without a terminal', { progress }, []],
    ['with --quiet', { progress, terminal: true }, ['--quiet']],
  ])('is not shown %s', async (_, options, args) => {
    const { at } = await aFolderOfImages('a.jpg')
    const { stderr } = await renderCommand([at('a.jpg'), '--output', at('a.mp4'), ...args], options)
    expect(stderr).toBe('')
  })
})
