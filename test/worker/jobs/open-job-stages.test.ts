import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { type CheckSeverities, DEFAULT_SEVERITIES } from '../../../shared/contracts/clip-checks.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { hashPixels, jobIdOf } from '../../../shared/contracts/job-id.ts'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import { encodePng } from '../../../shared/image/encode-png.ts'
import type { RgbImage } from '../../../shared/image/rgb-image.ts'
import { openJobStages } from '../../../worker/jobs/open-job-stages.ts'
import type { ClipToCheck } from '../../../worker/jobs/quality/check-clip.ts'
import type { OpenModel } from '../../../worker/models/open-model.ts'
import type { Progress } from '../../../worker/pipeline/progress.ts'
import { prepareImage } from '../../../worker/renderer/prepare-image.ts'
import { type RenderJob, renderJobSchema } from '../../../worker/renderer/render-job.ts'
import type { ClipToFinish } from '../../../worker/video/finish-clip.ts'
import { aJobMessage, type JobOverrides } from '../../fixtures/a-job-message.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { QUALITY } from './quality/a-quality.ts'

const PICTURE: RgbImage = { width: 2, height: 1, data: Uint8Array.from([255, 0, 0, 0, 0, 255]) }
const CONTEXT = { signal: unaborted, onProgress: () => {} }

const aJobOfPicture = (options: JobOverrides = {}): JobMessage => {
  const job = aJobMessage(options)
  const pixelsSha256 = hashPixels(PICTURE)
  const image = { ...job.image, key: 'inputs/image.png', pixels_sha256: pixelsSha256, width: 2, height: 1 }
  return { ...job, image, job_id: jobIdOf(pixelsSha256, job.parameters, job.model) }
}

const SEVERITIES: CheckSeverities = { ...DEFAULT_SEVERITIES, frozen: 'off' }

interface Options {
  readonly stored?: Uint8Array | null
  readonly modelSha256?: string
  readonly renderFailure?: Error
}

/** Stages whose renderer, encoder and checks only note what they are asked for. */
const stagesOf = async (job: JobMessage, { stored, modelSha256, renderFailure }: Options = {}) => {
  const store = openMemoryObjectStore({ now: Date.now })
  const bytes = stored === undefined ? await encodePng(PICTURE) : stored
  if (bytes !== null) await store.put(job.image.key, bytes, { contentType: 'image/png' }, unaborted)
  const asked = {
    renders: [] as RenderJob[],
    finishes: [] as ClipToFinish[],
    checks: [] as ClipToCheck[],
    severities: [] as CheckSeverities[],
  }
  const model: OpenModel = {
    dir: '/models/svd-xt',
    variant: 'fp16',
    record: {
      ...{ version: 1, model_id: 'svd-xt', sha256: modelSha256 ?? job.model.sha256, variant: 'fp16' },
      ...{ defaults: aJobMessage().parameters, vae_scale_factor: 8, files: [] },
    },
  }
  const close = async (): Promise<void> => {}
  const prepare = openJobStages({
    store,
    model,
    prepareImage,
    maker: { svd_batch: '0.1.0', execution_provider: 'cpu', precision: 'fp32' },
    renderer: {
      async render(given) {
        const one = renderJobSchema.parse(given)
        asked.renders.push(one)
        if (renderFailure !== undefined) throw renderFailure
        for (const output of one.outputs) await writeFile(output, 'frames')
        return {
          videos: one.outputs.map((file, index) => ({
            ...{ path: file, frameCount: one.parameters.numFrames, sizeBytes: 6, nonFiniteValues: index },
          })),
          seconds: { load: 1, encodeImage: 2, denoise: 3, decode: 4, total: 10 },
          peakMemoryBytes: 1,
          memory: 'resident',
          decodeChunk: one.parameters.decodeChunkSize ?? 2,
          steps: 4,
          decodeFallbacks: 0,
          fallbackChunk: null,
        }
      },
      close,
      [Symbol.asyncDispose]: close,
    },
    async finishClip(clip) {
      asked.finishes.push(clip)
      const file = { path: clip.output, sizeBytes: 1, sha256: 'a'.repeat(64) }
      return {
        video: file,
        files: clip.files.map(({ format }) => ({ format, ...file })),
        poster: { ...file, path: 'poster' },
        framesDir: null,
        frameCount: clip.loop ? 26 : 14,
        seconds: 0.5,
      }
    },
    async checkClip(clip, severities) {
      asked.checks.push(clip)
      asked.severities.push(severities)
      return { ...QUALITY, non_finite_values: clip.nonFiniteValues }
    },
    settings: { device: { provider: 'cpu' }, memory: 'auto', threads: 3, cacheDir: '/cache' },
    ffmpegPath: '/bin/ffmpeg',
    encoders: ['libx264', 'libvpx-vp9', 'gif'],
    severities: SEVERITIES,
  })
  const folder = await temporaryDir()
  return { folder, asked, prepare: () => prepare(job, folder, unaborted) }
}

test('the renderer gets the images, the parameters and the model, and writes into the job folder', async () => {
  const job = aJobOfPicture({ parameters: { seed: '9007199254740993', sigmas: [700, 1, 0] } })
  const { folder, asked, prepare } = await stagesOf(job)

  await (await prepare()).render('as-asked', CONTEXT)

  expect(asked.renders[0]).toMatchObject({
    checkpointDir: '/models/svd-xt',
    variant: 'fp16',
    keepWarm: true,
    memory: 'auto',
    threads: 3,
    cacheDir: '/cache',
    parameters: { width: 192, seed: 9007199254740993n, sigmas: [700, 1, 0], decodeChunkSize: null },
    outputs: [path.join(folder, 'video-0.rgb')],
    source: { width: 2, height: 1 },
    fitted: { width: 192, height: 128 },
  })
  expect([...(await readFile(asked.renders[0]!.source.path))]).toEqual([...PICTURE.data])
})

test('each video is encoded and checked', async () => {
  const { folder, asked, prepare } = await stagesOf(
    aJobOfPicture({ parameters: { num_videos_per_prompt: 2 } }),
  )

  const rendered = await (await prepare()).render('as-asked', CONTEXT)
  const progress: Progress[] = []
  const clip = await rendered.finish(unaborted, (one) => progress.push(one))

  expect(rendered.seconds).toMatchObject({ load: 1, encodeImage: 2, denoise: 3, decode: 4 })
  expect(asked.finishes).toMatchObject([
    { rawFrames: path.join(folder, 'video-0.rgb'), output: path.join(folder, 'video-0.mp4'), fps: 7 },
    { rawFrames: path.join(folder, 'video-1.rgb'), output: path.join(folder, 'video-1.mp4'), fps: 7 },
  ])
  expect(asked.checks).toMatchObject([
    {
      frameCount: 14,
      firstFrame: 0,
      decodeChunkSize: 2,
      nonFiniteValues: 0,
      fitted: path.join(folder, 'fitted.rgb'),
    },
    {
      frameCount: 14,
      firstFrame: 14,
      decodeChunkSize: 2,
      nonFiniteValues: 1,
      video: path.join(folder, 'video-1.mp4'),
    },
  ])
  expect(asked.severities).toEqual([SEVERITIES, SEVERITIES])
  expect(clip.videos.map(({ quality, frames }) => [quality.non_finite_values, frames])).toEqual([
    [0, 14],
    [1, 14],
  ])
  expect(clip.seconds.encodeVideo).toBe(1)
  expect(progress).toEqual([
    { phase: 'encode-video', step: 1, steps: 2 },
    { phase: 'encode-video', step: 2, steps: 2 },
  ])
})

test('a looping job gets its formats beside the MP4, whose check expects the frames of the loop', async () => {
  const { asked, prepare } = await stagesOf(aJobOfPicture({ parameters: { format: ['gif'], loop: true } }))

  const rendered = await (await prepare()).render('as-asked', CONTEXT)
  const { videos } = await rendered.finish(unaborted, () => {})

  expect(asked.finishes).toMatchObject([
    {
      loop: true,
      files: [
        { format: 'mp4', crf: null },
        { format: 'gif', crf: null },
      ],
    },
  ])
  expect(videos[0]?.files.map(({ format }) => format)).toEqual(['gif'])
  expect(asked.checks).toMatchObject([{ frameCount: 14, videoFrames: 26 }])
})

test.each([
  [{ crf: 30 }, [{ format: 'mp4', crf: 30 }]],
  [
    { format: ['webm'], crf: 60 },
    [
      { format: 'mp4', crf: null },
      { format: 'webm', crf: 60 },
    ],
  ],
  [
    { format: ['mp4', 'webm'], crf: 40 },
    [
      { format: 'mp4', crf: 40 },
      { format: 'webm', crf: 40 },
    ],
  ],
] as const)('a crf applies to the requested formats: %j', async (given, files) => {
  const parameters = 'format' in given ? { ...given, format: [...given.format] } : given
  const { asked, prepare } = await stagesOf(aJobOfPicture({ parameters }))
  const rendered = await (await prepare()).render('as-asked', CONTEXT)
  await rendered.finish(unaborted, () => {})
  expect(asked.finishes.map((clip) => clip.files)).toEqual([files])
})

test('a job with a format that this ffmpeg cannot write is postponed and not rendered', async () => {
  const { asked, prepare } = await stagesOf(aJobOfPicture({ parameters: { format: ['mp4', 'prores'] } }))

  await expect(prepare()).rejects.toMatchObject({
    name: 'PostponedError',
    message: "this worker's ffmpeg has no encoder prores_ks (prores), which the job needs",
    workersFault: false,
  })
  expect(asked.renders).toEqual([])
})

test.each([
  ['as-asked', { decode_chunk_size: 2, fallback_decode: false }],
  ['fallback-decode', { decode_chunk_size: 4, fallback_decode: true }],
] as const)(
  'the MP4s of a clip on the render path %s have metadata on how it was made',
  async (renderPath, decoded) => {
    const job = aJobOfPicture({ sourceKey: 'images/alice/cup.png', parameters: { num_videos_per_prompt: 2 } })
    const { asked, prepare } = await stagesOf(job)

    const rendered = await (await prepare()).render(renderPath, CONTEXT)
    await rendered.finish(unaborted, () => {})

    expect(asked.finishes.map(({ metadata }) => metadata)).toEqual(
      [0, 1].map((video) => ({
        ...{ svd_batch: '0.1.0', version: 1, video, ...decoded },
        image: { name: 'cup.png', pixels_sha256: job.image.pixels_sha256 },
        ...{ model: job.model, parameters: job.parameters, job_id: job.job_id },
        ...{ execution_provider: 'cpu', precision: 'fp32' },
      })),
    )
  },
)

test('the MP4 of a job with metadata false has no metadata', async () => {
  const { asked, prepare } = await stagesOf(aJobOfPicture({ parameters: { metadata: false } }))

  const rendered = await (await prepare()).render('as-asked', CONTEXT)
  await rendered.finish(unaborted, () => {})

  expect(asked.finishes.map(({ metadata }) => metadata)).toEqual([null])
})

test('the fallback decode uses other decode arguments, and the check gets these arguments', async () => {
  const { asked, prepare } = await stagesOf(aJobOfPicture())

  const rendered = await (await prepare()).render('fallback-decode', CONTEXT)
  await rendered.finish(unaborted, () => {})

  expect(asked.renders[0]?.parameters).toMatchObject({ decodeChunkSize: 4, decodeOverlap: 2 })
  expect(asked.checks[0]).toMatchObject({ decodeChunkSize: 4, decodeOverlap: 2 })
})

test('an image that no longer exists is invalid input', async () => {
  const { prepare } = await stagesOf(aJobOfPicture(), { stored: null })

  await expect(prepare()).rejects.toThrow(InvalidInputError)
})

test('an image that differs from the submitted image is invalid input', async () => {
  const other = await encodePng({ ...PICTURE, data: Uint8Array.from([255, 0, 0, 0, 0, 254]) })
  const { prepare } = await stagesOf(aJobOfPicture(), { stored: other })

  const preparing = prepare()

  await expect(preparing).rejects.toThrow(InvalidInputError)
  await expect(preparing).rejects.toThrow(
    /does not match the image this job was created from \(images\/cup\.png\); upload images\/cup\.png again/,
  )
})

test('a file that is not an image is invalid input', async () => {
  const { prepare } = await stagesOf(aJobOfPicture(), { stored: new TextEncoder().encode('hello') })

  await expect(prepare()).rejects.toThrow(InvalidInputError)
})

test('a job for another model is not invalid input, and its error names that model', async () => {
  const { prepare } = await stagesOf(aJobOfPicture(), { modelSha256: 'b'.repeat(64) })

  const preparing = prepare()

  await expect(preparing).rejects.not.toThrow(InvalidInputError)
  await expect(preparing).rejects.toThrow(/svd-xt \(bbbbbbbbbbbb\)/)
})

test('a checkpoint that cannot be read is a fault of the worker and not invalid input', async () => {
  const renderFailure = new InvalidInputError('unet/config.json', 'is not there')
  const { prepare } = await stagesOf(aJobOfPicture(), { renderFailure })

  const rendering = (await prepare()).render('as-asked', CONTEXT)

  await expect(rendering).rejects.not.toThrow(InvalidInputError)
  await expect(rendering).rejects.toThrow('this worker cannot use its model: unet/config.json: is not there')
})

test('arguments that the renderer refuses are invalid input', async () => {
  const { prepare } = await stagesOf(aJobOfPicture(), {
    renderFailure: new InvalidInputError('sigmas', 'rise'),
  })

  await expect((await prepare()).render('as-asked', CONTEXT)).rejects.toThrow(InvalidInputError)
})
