import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../../shared/contracts/invalid-input.ts'
import { InterruptedError } from '../../../../worker/cli/exit-code.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { type CommandLineOptions, DEMO_CHECKPOINT, runCommandLine } from '../a-command-line.ts'
import type { Stage } from '../fake-stages.ts'

/** Images of these names in a folder of its own; nothing looks into them before they are prepared. */
const aFolderOfImages = async (...names: string[]) => {
  const folder = await temporaryDir()
  for (const name of names) await writeFile(path.join(folder, name), 'image')
  return { folder, at: (name: string): string => path.join(folder, name) }
}

const renderCommand = (args: readonly string[], options?: CommandLineOptions) =>
  runCommandLine(['render', '--checkpoint', DEMO_CHECKPOINT, ...args], options)

/** A path in the hidden folder of a job, which ends with these. */
const staged = (folder: string, file: string): unknown =>
  expect.stringMatching(new RegExp(`${folder}/\\.svd-[0-9a-f-]{36}\\.partial/${file}$`))

const SHA256: unknown = expect.stringMatching(/^[0-9a-f]{64}$/)

describe('a single image', () => {
  test("becomes a video with the checkpoint's defaults", async () => {
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
        },
        memory: 'auto',
        keepWarm: false,
        threads: 0,
        outputs: [staged('out', 'cup.rgb')],
        cacheDir: expect.stringMatching(/svd-batch$/),
      },
    ])
  })

  test('takes every argument of the reference as an option', async () => {
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
      ...['cup-0.mp4', 'cup-0.poster.png', 'cup-1.mp4', 'cup-1.poster.png', 'cup.jpg'],
      ...['frames', 'frames/cup-0', 'frames/cup-0/0000.png', 'frames/cup-1', 'frames/cup-1/0000.png'],
    ])
  })

  test('takes the name of a schedule', async () => {
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

  test('is summed up for people', async () => {
    const { at } = await aFolderOfImages('cup.jpg')
    const { stdout, stderr } = await renderCommand([at('cup.jpg'), '--output', at('cup.mp4')])
    expect(stdout.replaceAll(path.dirname(at('x')), 'DIR').replace(/\d+\.?\d* B/, 'N B')).toBe(
      'DIR/cup.mp4  14 frames, 192x128, 7 fps, N B\n' +
        'DIR/cup.poster.png  poster\n' +
        '11.8 s: load 1.0, image 0.3, denoise 8.0, decode 2.0, video 0.5; peak memory 412 MB (offload)\n',
    )
    expect(stderr).toBe('')
  })

  test.each([
    [{ decodeFallbacks: 2, fallbackChunk: null }, '; 2 chunks were decoded again in fp32'],
    [{ decodeFallbacks: 1, fallbackChunk: 4 }, '; 1 chunks were decoded again in fp32, 4 frames at once'],
  ])('is told with what was decoded again: %j', async (decodedAgain, text) => {
    const { at } = await aFolderOfImages('cup.jpg')
    const args = [at('cup.jpg'), '--output', at('cup.mp4')]
    const { stdout } = await renderCommand(args, { decodedAgain })
    expect(stdout).toMatch(new RegExp(`\\(offload\\)${text}\n$`))
  })

  test('is reported as one JSON object with these keys', async () => {
    const { at } = await aFolderOfImages('cup.jpg')
    const args = [at('cup.jpg'), '--output', at('cup.mp4'), '--frames-dir', at('frames'), '--json']
    const { stdout } = await renderCommand(args)
    const video = await readFile(at('cup.mp4'))
    expect(JSON.parse(stdout)).toEqual({
      status: 'succeeded',
      image: at('cup.jpg'),
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
          frames_dir: at('frames'),
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
  ])('reports the seed %s without losing digits', async (typed, reported) => {
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

describe('several images', () => {
  test('are rendered by one renderer, which is told to keep the model', async () => {
    const { folder, at } = await aFolderOfImages('a.jpg', 'b.jpg')
    const { exitCode, stdout, jobs, renderers } = await renderCommand([
      ...[at('a.jpg'), at('b.jpg'), '--output-dir', at('videos'), '--json'],
    ])
    expect(exitCode).toBe(0)
    expect(renderers).toEqual({ opened: 1, open: 0 })
    expect(jobs.map(({ keepWarm }) => keepWarm)).toEqual([true, true])
    expect(JSON.parse(stdout).results).toMatchObject([
      { status: 'succeeded', image: at('a.jpg') },
      { status: 'succeeded', image: at('b.jpg') },
    ])
    expect(await readdir(path.join(folder, 'videos'))).toEqual([
      'a.mp4',
      'a.poster.png',
      'b.mp4',
      'b.poster.png',
    ])
  })

  test('go on after one that fails, and each failure is named', async () => {
    const { at } = await aFolderOfImages('a.jpg', 'b.jpg', 'c.jpg', 'd.jpg')
    const { exitCode, stdout, stderr, jobs } = await renderCommand(
      [...['a', 'b', 'c', 'd'].map((name) => at(`${name}.jpg`)), '--output-dir', at('videos'), '--json'],
      {
        failures: {
          'a.jpg': new InvalidInputError(at('a.jpg'), 'is not an image'),
          'b.jpg': new Error('the renderer was killed by SIGKILL (out of memory?)'),
          'd.jpg': new InvalidInputError('sigmas', 'is off'),
        },
      },
    )
    expect(exitCode).toBe(1)
    expect(jobs).toHaveLength(4)
    expect(stderr).toBe(
      `error: ${at('a.jpg')}: is not an image\n` +
        `error: ${at('b.jpg')}: the renderer was killed by SIGKILL (out of memory?)\n(SVD_DEBUG=1 shows where it happened)\n` +
        `error: ${at('d.jpg')}: sigmas: is off\n`,
    )
    expect(JSON.parse(stdout).results).toEqual([
      {
        status: 'failed',
        image: at('a.jpg'),
        error: { kind: 'invalid-input', message: `${at('a.jpg')}: is not an image` },
      },
      {
        status: 'failed',
        image: at('b.jpg'),
        error: { kind: 'failure', message: 'the renderer was killed by SIGKILL (out of memory?)' },
      },
      expect.objectContaining({ status: 'succeeded', image: at('c.jpg') }),
      { status: 'failed', image: at('d.jpg'), error: { kind: 'invalid-input', message: 'sigmas: is off' } },
    ])
  })

  test('end with 2 when all that went wrong were mistakes', async () => {
    const { at } = await aFolderOfImages('a.jpg', 'b.jpg')
    const failures = { 'a.jpg': new InvalidInputError(at('a.jpg'), 'is not an image') }
    const { exitCode } = await renderCommand([at('a.jpg'), at('b.jpg'), '--output-dir', at('o')], {
      failures,
    })
    expect(exitCode).toBe(2)
  })
})

describe('several images overlap', () => {
  const FOUR = ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'] as const

  const renderFour = async (options: CommandLineOptions = {}) => {
    const { at } = await aFolderOfImages(...FOUR)
    return renderCommand([...FOUR.map(at), '--output-dir', at('videos'), '--json'], options)
  }

  test('while one renders, the next is prepared and the one before finished', async () => {
    const begun = { prepare: Promise.withResolvers<void>(), finish: Promise.withResolvers<void>() }
    const { exitCode, events } = await renderFour({
      async onStage(stage, image) {
        if (stage === 'prepare' && image === 'c.jpg') begun.prepare.resolve()
        if (stage === 'finish' && image === 'a.jpg') begun.finish.resolve()
        if (stage === 'render' && image === 'b.jpg') {
          await Promise.all([begun.prepare.promise, begun.finish.promise])
        }
      },
    })
    expect(exitCode).toBe(0)
    const rendered = events.indexOf('rendered b.jpg')
    expect(events.indexOf('prepare c.jpg')).toBeLessThan(rendered)
    expect(events.indexOf('finish a.jpg')).toBeLessThan(rendered)
  }, 10_000)

  test('by one image at each stage, however long one of them takes', async () => {
    for (const slow of ['prepare', 'render', 'finish'] as const) {
      const { events } = await renderFour({
        // Meanwhile the other stages could write all of their files.
        onStage: async (stage) => {
          for (let turn = 0; turn < (stage === slow ? 100 : 0); turn++) await stat(DEMO_CHECKPOINT)
        },
      })
      const at = (event: string, place: number): number => events.indexOf(`${event} ${FOUR[place]}`)
      for (const place of [0, 1, 2, 3]) {
        if (place > 0) expect(at('prepare', place)).toBeGreaterThan(at('prepared', place - 1))
        if (place > 1) expect(at('prepare', place)).toBeGreaterThan(at('rendered', place - 2))
        if (place > 1) expect(at('render', place)).toBeGreaterThan(at('finished', place - 2))
      }
    }
  })

  test.each<Stage>(['prepare', 'render', 'finish'])(
    'and are reported in their order when one fails at "%s"',
    async (failAt) => {
      const failures = { 'b.jpg': new Error('no luck'), 'c.jpg': new InvalidInputError('c.jpg', 'is bad') }
      const { exitCode, stdout, stderr, events } = await renderFour({ failures, failAt })
      expect(exitCode).toBe(1)
      expect(stderr).toMatch(/^error: \S+b\.jpg: no luck\n.*\nerror: \S+c\.jpg: c\.jpg: is bad\n$/)
      const { results } = JSON.parse(stdout) as { results: { status: string; image: string }[] }
      expect(results.map(({ status, image }) => `${path.basename(image)} ${status}`)).toEqual([
        ...['a.jpg succeeded', 'b.jpg failed', 'c.jpg failed', 'd.jpg succeeded'],
      ])
      expect(events.filter((event) => /^finished/.test(event))).toEqual(['finished a.jpg', 'finished d.jpg'])
    },
  )

  test('and leave nothing at Ctrl-C, at whatever stage each of them is', async () => {
    const { folder, at } = await aFolderOfImages(...FOUR)
    const controller = new AbortController()
    const { exitCode, stdout, stderr } = await renderCommand(
      [...FOUR.map(at), '--output-dir', at('videos'), '--frames-dir', at('frames')],
      {
        signal: controller.signal,
        onStage: (stage, image) => {
          if (stage === 'finish' && image === 'b.jpg') controller.abort(new InterruptedError('SIGINT'))
        },
      },
    )
    expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: 'error: stopped by SIGINT\n' })
    expect(stdout).toMatch(/a\.mp4/)
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      ...[...FOUR, 'frames', 'frames/a', 'frames/a/0000.png'],
      ...['videos', 'videos/a.mp4', 'videos/a.poster.png'],
    ])
  })
})

test('stops at Ctrl-C with 130, before the images that are left', async () => {
  const { folder, at } = await aFolderOfImages('a.jpg', 'b.jpg')
  const controller = new AbortController()
  const { exitCode, stdout, stderr, jobs, renderers } = await renderCommand(
    [at('a.jpg'), at('b.jpg'), '--output-dir', at('videos'), '--json'],
    {
      signal: controller.signal,
      onStage: (stage) => {
        if (stage === 'render') controller.abort(new InterruptedError('SIGINT'))
      },
    },
  )
  expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: 'error: stopped by SIGINT\n' })
  const error = { kind: 'interrupted', message: 'stopped by SIGINT' }
  expect(JSON.parse(stdout)).toEqual({
    status: 'failed',
    error,
    results: ['a.jpg', 'b.jpg'].map((image) => ({ status: 'failed', image: at(image), error })),
  })
  expect(jobs).toHaveLength(1)
  expect(renderers.open).toBe(0)
  expect(await readdir(folder)).toEqual(['a.jpg', 'b.jpg'])
})

describe.each<Stage>(['prepare', 'render', 'finish'])('at "%s"', (stage) => {
  test.each(['Ctrl-C', 'failure'])('a %s leaves nothing of a clip', async (end) => {
    const { folder, at } = await aFolderOfImages('a.jpg')
    const controller = new AbortController()
    const { exitCode, events } = await renderCommand(
      [at('a.jpg'), '--output', at('a.mp4'), '--frames-dir', at('frames')],
      {
        signal: controller.signal,
        onStage: (begun) => {
          if (begun === stage && end === 'Ctrl-C') controller.abort(new InterruptedError('SIGINT'))
        },
        failures: { 'a.jpg': new Error('no luck') },
        failAt: stage,
      },
    )
    expect(exitCode).toBe(end === 'Ctrl-C' ? 130 : 1)
    expect(events.at(-1)).toBe(`${stage} a.jpg`)
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a.jpg'])
  })
})

test('a clip with values that are not finite is a failure, and not written', async () => {
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

test('replaces the files of an earlier run, frames too', async () => {
  const { folder, at } = await aFolderOfImages('a.jpg', 'a.mp4', 'a.poster.png')
  await mkdir(at('frames'))
  await writeFile(at('frames/0000.png'), 'old')
  const args = [at('a.jpg'), '--output', at('a.mp4'), '--frames-dir', at('frames')]
  expect(await renderCommand(args)).toMatchObject({ exitCode: 0 })
  expect(await readFile(at('a.mp4'), 'utf8')).toMatch(/^video/)
  expect(await readFile(at('frames/0000.png'), 'utf8')).toBe('frame')
  expect((await readdir(folder, { recursive: true })).sort()).toEqual([
    ...['a.jpg', 'a.mp4', 'a.poster.png', 'frames', 'frames/0000.png'],
  ])
})

test('an image that is none leaves no new folder, and an empty one that was there', async () => {
  const { folder, at } = await aFolderOfImages('a.jpg')
  await mkdir(at('frames'))
  const args = [at('a.jpg'), '--output', at('x/y/a.mp4'), '--frames-dir', at('frames')]
  const failures = { 'a.jpg': new InvalidInputError(at('a.jpg'), 'is not an image') }
  expect(await renderCommand(args, { failures, failAt: 'prepare' })).toMatchObject({ exitCode: 2 })
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a.jpg', 'frames'])
})

test.each([['--output'], ['--output-dir']])(
  'frames go to the folder of the video too, with %s',
  async (option) => {
    const { folder, at } = await aFolderOfImages('a.jpg')
    const output = option === '--output' ? at('o/a.mp4') : at('o')
    const args = [at('a.jpg'), option, output, '--frames-dir', at('o')]
    expect(await renderCommand(args)).toMatchObject({ exitCode: 0, stderr: '' })
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      ...['a.jpg', 'o', 'o/0000.png', 'o/a.mp4', 'o/a.poster.png'],
    ])
    expect(await readFile(at('o/0000.png'), 'utf8')).toBe('frame')
  },
)

test('shows where a failure happened when SVD_DEBUG is 1', async () => {
  const { at } = await aFolderOfImages('a.jpg')
  const { stderr } = await renderCommand([at('a.jpg'), '--output', at('a.mp4')], {
    failures: { 'a.jpg': new Error('no luck', { cause: new Error('bad stars') }) },
    environment: { PATH: process.env['PATH'], SVD_DEBUG: '1' },
  })
  expect(stderr).toMatch(/Error: no luck\n +at [\s\S]*cause[\s\S]*bad stars/)
})

describe('with --json, one object tells what ended the command', () => {
  const NO_CHECKPOINT = {
    kind: 'invalid-input',
    message: '/none: there is no such folder; check the path of the checkpoint',
  }

  test('before its image was rendered', async () => {
    const { at } = await aFolderOfImages('a.jpg')
    const args = [at('a.jpg'), '--output', at('a.mp4'), '--checkpoint', '/none', '--json']
    const { exitCode, stdout } = await renderCommand(args)
    expect(exitCode).toBe(2)
    expect(JSON.parse(stdout)).toEqual({ status: 'failed', image: at('a.jpg'), error: NO_CHECKPOINT })
  })

  test('before its images were rendered', async () => {
    const { at } = await aFolderOfImages('a.jpg', 'b.jpg')
    const args = [at('a.jpg'), at('b.jpg'), '--output-dir', at('o'), '--checkpoint', '/none', '--json']
    const { exitCode, stdout } = await renderCommand(args)
    expect(exitCode).toBe(2)
    expect(JSON.parse(stdout)).toEqual({
      status: 'failed',
      error: NO_CHECKPOINT,
      results: ['a.jpg', 'b.jpg'].map((image) => ({
        status: 'failed',
        image: at(image),
        error: NO_CHECKPOINT,
      })),
    })
  })

  test('between two images, and what became of the first', async () => {
    const { at } = await aFolderOfImages('a.jpg', 'b.jpg')
    const controller = new AbortController()
    const { exitCode, stdout } = await renderCommand(
      [at('a.jpg'), at('b.jpg'), '--output-dir', at('o'), '--json'],
      {
        signal: controller.signal,
        onStage: (stage, image) => {
          if (stage === 'finish' && image === 'b.jpg') controller.abort(new InterruptedError('SIGTERM'))
        },
      },
    )
    expect(exitCode).toBe(143)
    const error = { kind: 'interrupted', message: 'stopped by SIGTERM' }
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'failed',
      error,
      results: [
        { status: 'succeeded', image: at('a.jpg') },
        { status: 'failed', image: at('b.jpg'), error },
      ],
    })
  })
})

describe('an ffmpeg that cannot encode is told before anything runs', () => {
  test.each([
    ['/nope', 'error: FFMPEG_PATH: "/nope" is not an executable file; '],
    ['/bin/false', 'error: FFMPEG_PATH: /bin/false (from FFMPEG_PATH) does not run as ffmpeg does; '],
  ])('%s', async (ffmpeg, message) => {
    const { folder, at } = await aFolderOfImages('a.jpg')
    const { exitCode, stderr, events } = await renderCommand([at('a.jpg'), '--output', at('o/a.mp4')], {
      environment: { FFMPEG_PATH: ffmpeg },
    })
    expect({ exitCode, events }).toEqual({ exitCode: 2, events: [] })
    expect(stderr.startsWith(message)).toBe(true)
    expect(await readdir(folder)).toEqual(['a.jpg'])
  })
})

describe('mistakes are told before anything runs', () => {
  /** Runs with DIR for the folder; expects exit code 2 and nothing but the message. */
  const mistake = async (
    args: readonly string[],
    images: readonly string[] = ['cup.jpg'],
  ): Promise<string> => {
    const { folder, at } = await aFolderOfImages(...images)
    await mkdir(at('folder.mp4'))
    await symlink('loop', at('loop'))
    const inFolder = args.map((arg) => arg.replace('DIR', folder))
    const output = args.some((arg) => arg.startsWith('--output')) ? [] : ['--output', at('out.mp4')]
    const { exitCode, stdout, stderr, renderers } = await renderCommand([...inFolder, ...output])
    expect({ exitCode, stdout, opened: renderers.opened }).toEqual({ exitCode: 2, stdout: '', opened: 0 })
    return stderr.replaceAll(folder, 'DIR').trimEnd()
  }

  test.each([
    [['DIR/cap.jpg'], 'error: DIR/cap.jpg: there is no such file; check the path'],
    [['DIR'], 'error: DIR: is a folder; name the image files in it'],
    [
      ['DIR/x.jpg', 'DIR/y.jpg', '--output-dir', 'DIR/o'],
      'error: DIR/x.jpg: there is no such file; check the path\nDIR/y.jpg: there is no such file; check the path',
    ],
    [
      ['DIR/cup.jpg', '--width', '500'],
      'error: --width: got 500; must be a multiple of 8 from 8 to 8192, in pixels (the VAE works on blocks of 8)',
    ],
    [
      ['DIR/cup.jpg', '--num-frames', '0'],
      'error: --num-frames: got 0; must be a whole number from 1 to 4096',
    ],
    [
      ['DIR/cup.jpg', '--num-frames', '1.5'],
      'error: --num-frames: got 1.5; must be a whole number from 1 to 4096',
    ],
    [
      ['DIR/cup.jpg', '--num-frames', '12abc'],
      "error: --num-frames: got '12abc'; must be a whole number from 1 to 4096",
    ],
    [
      ['DIR/cup.jpg', '--num-frames', ''],
      "error: --num-frames: got ''; must be a whole number from 1 to 4096",
    ],
    [
      ['DIR/cup.jpg', '--num-frames', '0x10'],
      "error: --num-frames: got '0x10'; must be a whole number from 1 to 4096",
    ],
    [
      ['DIR/cup.jpg', '--max-guidance-scale', 'NaN'],
      "error: --max-guidance-scale: got 'NaN'; must be a number from 0 to 100; 1 means no guidance",
    ],
    [
      ['DIR/cup.jpg', '--fps', '0', '--motion-bucket-id', '-1'],
      'error: --fps: got 0; must be a whole number of frames per second from 1 to 240\n' +
        '--motion-bucket-id: got -1; must be a whole number from 0 to 1023; trained values go up to 255',
    ],
    [
      ['DIR/cup.jpg', '--fit', 'stretch'],
      "error: --fit: got 'stretch'; must be fill (stretch, as the reference does), crop or pad (both keep the proportions)",
    ],
    [
      ['DIR/cup.jpg', '--sigmas', '700,fifteen,0'],
      "error: --sigmas: got '700,fifteen,0'; must be the name align-your-steps, or two or more falling numbers that " +
        'end with the last noise level, such as 700,15.6,0.5,0',
    ],
    [
      ['DIR/cup.jpg', '--sigmas', 'align-your-steps', '--num-inference-steps', '4'],
      "error: --num-inference-steps: got 4, and --sigmas is 'align-your-steps', which makes 10 steps; must be 10: " +
        'correct it, or give only one of the two',
    ],
    [
      ['DIR/cup.jpg', '--sigmas', '5,700,0'],
      'error: --sigmas: got [5,700,0] (value 2 of 3, 700, is not below the value before it, 5); must be the name ' +
        'align-your-steps, or two or more falling numbers that end with the last noise level, such as 700,15.6,0.5,0',
    ],
    [['DIR/cup.jpg', '--threads', '2x'], "error: --threads: got '2x'; must be a whole number from 1 to 1024"],
    [
      ['DIR/cup.jpg', '--memory', 'lots'],
      "error: option '--memory <mode>' argument 'lots' is invalid. " +
        'Allowed choices are auto, resident, offload, low-vram.',
    ],
    [
      ['DIR/cup.jpg', '--num-frame', '3'],
      "error: unknown option '--num-frame'\n(Did you mean --num-frames?)",
    ],
    [[], "error: missing required argument 'image'"],
    [
      ['DIR/cup.jpg', '--output', 'DIR/cup.mov'],
      "error: --output: got 'DIR/cup.mov'; must be a file name that ends in .mp4 (for a folder, give --output-dir)",
    ],
    [
      ['DIR/cup.jpg', '--output', 'DIR/folder.mp4'],
      'error: --output: DIR/folder.mp4 is a folder; give the name of the video, or give --output-dir',
    ],
    [
      ['DIR/cup.jpg', '--output', 'DIR/cup.jpg/cup.mp4'],
      'error: --output: the folder DIR/cup.jpg cannot be used (a file has that name); choose another',
    ],
    [
      ['DIR/cup.jpg', '--output-dir', 'DIR/loop/o'],
      'error: --output-dir: the folder DIR/loop/o cannot be used (its symbolic links lead in a circle); choose another',
    ],
    [
      ['DIR/cup.jpg', '--frames-dir', 'DIR/cup.jpg/frames'],
      'error: --frames-dir: the folder DIR/cup.jpg/frames cannot be used (a file has that name); choose another',
    ],
    [['DIR/cup.jpg', '--variant', 'bf16'], 'error: variant: unet has no bf16 weights; there is: fp16'],
    [
      ['DIR/cup.jpg', '--checkpoint', 'DIR/none'],
      'error: DIR/none: there is no such folder; check the path of the checkpoint',
    ],
    [
      ['DIR/cup.jpg', '--checkpoint', 'DIR'],
      'error: DIR: has no model_index.json; give a diffusers folder (model_index.json, unet/, vae/, image_encoder/, ' +
        'scheduler/, feature_extractor/), for example from: hf download ' +
        'stabilityai/stable-video-diffusion-img2vid-xt --local-dir DIR --exclude "svd_*"',
    ],
    [
      ['DIR/cup.jpg', '--decode-overlap', '14'],
      'error: --decode-overlap: got 14; must be smaller than decode_chunk_size, which is 14',
    ],
  ])('%j', async (args, message) => {
    expect(await mistake(args)).toBe(message)
  })

  test('a frames folder with frames of a longer clip', async () => {
    const { folder, at } = await aFolderOfImages('cup.jpg')
    for (const frame of ['0013.png', '0014.png']) {
      await mkdir(at('frames'), { recursive: true })
      await writeFile(at(`frames/${frame}`), '')
    }
    const { exitCode, stderr } = await renderCommand([
      at('cup.jpg'),
      '--output',
      at('o.mp4'),
      '--frames-dir',
      at('frames'),
    ])
    expect(exitCode).toBe(2)
    expect(stderr.replaceAll(folder, 'DIR')).toBe(
      'error: --frames-dir: DIR/frames holds 0014.png of another clip, and this one has 14 frames; ' +
        'empty it or choose another\n',
    )
  })
})

describe('an image is never written over', () => {
  test.each([
    ['by a poster', ['DIR/cup.poster.png', '--output', 'DIR/cup.mp4'], 'DIR/cup.poster.png'],
    ['through a link', ['DIR/link/cup.poster.png', '--output', 'DIR/cup.mp4'], 'DIR/cup.poster.png'],
    ['by a frame', ['DIR/0003.png', '--output', 'DIR/o/cup.mp4', '--frames-dir', 'DIR'], 'DIR/0003.png'],
  ])('%s', async (_, args, overwritten) => {
    const { folder, at } = await aFolderOfImages('cup.poster.png', '0003.png')
    await symlink(folder, at('link'))
    const { exitCode, stderr, renderers } = await renderCommand(args.map((arg) => arg.replace('DIR', folder)))
    expect({ exitCode, opened: renderers.opened }).toEqual({ exitCode: 2, opened: 0 })
    const message = stderr.replaceAll(folder, 'DIR')
    expect(message).toContain(`would be overwritten: ${overwritten} is one of the files written`)
  })
})

test('a missing checkpoint option is a mistake too', async () => {
  const { exitCode, stderr } = await runCommandLine(['render', 'cup.jpg', '--output', 'cup.mp4'])
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: "error: required option '-c, --checkpoint <dir>' not specified\n",
  })
})

describe('progress', () => {
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
    ['somewhere else', { progress }, []],
    ['with --quiet', { progress, terminal: true }, ['--quiet']],
  ])('is not shown %s', async (_, options, args) => {
    const { at } = await aFolderOfImages('a.jpg')
    const { stderr } = await renderCommand([at('a.jpg'), '--output', at('a.mp4'), ...args], options)
    expect(stderr).toBe('')
  })
})
