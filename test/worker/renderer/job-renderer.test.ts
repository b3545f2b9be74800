import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { resolveParameters } from '../../../shared/contracts/render-parameters.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { vaeScaleFactor } from '../../../worker/compiler/compile.ts'
import { DeviceFaultError } from '../../../worker/engine/device-fault.ts'
import { openSession } from '../../../worker/engine/session.ts'
import type { OpenSession } from '../../../worker/engine/session-pool.ts'
import type { Progress } from '../../../worker/pipeline/progress.ts'
import { createJobRenderer, type JobRenderer } from '../../../worker/renderer/job-renderer.ts'
import { prepareImage } from '../../../worker/renderer/prepare-image.ts'
import { type RenderJob, renderJobSchema, renderResultSchema } from '../../../worker/renderer/render-job.ts'
import { writeRgbFile } from '../../../worker/renderer/rgb-file.ts'
import { differenceOf } from '../../fixtures/difference.ts'
import { type Golden, readGolden } from '../../fixtures/golden.ts'
import {
  type CheckpointName,
  readCheckpointSpec,
  writeRandomCheckpoint,
} from '../../fixtures/random-checkpoint.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

let golden: Golden
let renderer: JobRenderer
beforeAll(async () => {
  golden = await readGolden('pipeline-two-videos')
  renderer = createJobRenderer()
})
afterAll(() => renderer[Symbol.asyncDispose]())

/** The golden's clip as a job, its image prepared, in a folder of its own. */
const aJob = async (): Promise<RenderJob> => {
  const folder = await temporaryDir()
  const { checkpoint: name = '', arguments: given = '{}', image = '' } = golden.metadata
  const checkpointDir = await writeRandomCheckpoint(
    path.join(folder, 'checkpoint'),
    await readCheckpointSpec(name as CheckpointName),
  )
  const checkpoint = await openCheckpoint(checkpointDir)
  const parameters = resolveParameters(parseRenderArguments(JSON.parse(given)), checkpoint.defaults, {
    vaeScaleFactor: vaeScaleFactor(checkpoint.vae.config),
  })
  const { width, height, fit, sigmas } = parameters
  const bytes = await readFile(fileURLToPath(new URL(`../../goldens/images/${image}`, import.meta.url)))
  const { signal } = new AbortController()
  const { source, fitted } = await prepareImage({ bytes, field: image, width, height, fit, folder, signal })
  return renderJobSchema.parse({
    device: { provider: 'cpu' },
    checkpointDir,
    variant: null,
    source,
    fitted,
    parameters: { ...parameters, sigmas },
    // One job may be rendered several times: the networks stay.
    memory: 'resident',
    keepWarm: true,
    threads: 2,
    outputs: ['0.rgb', '1.rgb'].map((file) => path.join(folder, file)),
    cacheDir: null,
  })
}

const render = (job: RenderJob, onProgress: (progress: Progress) => void = () => {}) =>
  renderer.render(job, { signal: new AbortController().signal, onProgress })

test('prepared images become the raw frames of diffusers, in one file for each video', async () => {
  const job = await aJob()
  const phases = new Set<string>()
  const result = await render(job, ({ phase }) => phases.add(phase))
  expect(renderResultSchema.parse(result)).toEqual(result)
  const { numFrames, width, height } = job.parameters
  const sizeBytes = numFrames * width * height * 3
  expect(result.videos).toEqual(
    job.outputs.map((output) => ({ path: output, frameCount: numFrames, sizeBytes, nonFiniteValues: 0 })),
  )
  const frames = Buffer.concat(await Promise.all(job.outputs.map((output) => readFile(output))))
  const expected = golden.tensor<Uint8Array>('frames')
  expect(frames.length).toBe(expected.data.length)
  const { maxAbsolute, meanAbsolute } = differenceOf(frames, expected.data)
  expect(maxAbsolute).toBeLessThanOrEqual(1)
  expect(meanAbsolute).toBeLessThanOrEqual(0.01)
  expect([...phases]).toEqual(['load', 'encode-image', 'denoise', 'decode'])
})

test('a job like the one before does not read the checkpoint again, but one of another length does', async () => {
  const twoVideos = await aJob()
  const parameters = { ...twoVideos.parameters, numInferenceSteps: 1, numVideosPerPrompt: 1 }
  const job = { ...twoVideos, parameters, outputs: twoVideos.outputs.slice(0, 1) }
  await render(job)
  const first = await readFile(job.outputs[0]!)
  await rm(path.join(job.checkpointDir, 'model_index.json'))
  await render(job)
  expect(await readFile(job.outputs[0]!)).toEqual(first)
  const longer = { ...job, parameters: { ...parameters, numFrames: parameters.numFrames + 1 } }
  await expect(render(longer)).rejects.toThrow('model_index.json')
})

test('a job of more videos is planned again only if chunks are cut from all videos', async () => {
  const twoVideos = await aJob()
  const withVideos = (numVideosPerPrompt: number, decodeChunkSize: number | null): RenderJob => ({
    ...twoVideos,
    parameters: { ...twoVideos.parameters, numInferenceSteps: 1, numVideosPerPrompt, decodeChunkSize },
    outputs: twoVideos.outputs.slice(0, numVideosPerPrompt),
  })
  const index = path.join(twoVideos.checkpointDir, 'model_index.json')
  const bytes = await readFile(index)
  for (const [decodeChunkSize, isPlannedAnew] of [
    [null, false],
    [1, true],
  ] as const) {
    await render(withVideos(1, decodeChunkSize))
    await rm(index)
    const more = render(withVideos(2, decodeChunkSize))
    if (isPlannedAnew) await expect(more).rejects.toThrow('model_index.json')
    else expect((await more).videos).toHaveLength(2)
    await writeFile(index, bytes)
  }
})

test('the first run of each network is reported, but not in a job that finds the networks ready', async () => {
  const twoVideos = await aJob()
  const parameters = { ...twoVideos.parameters, numInferenceSteps: 2, numVideosPerPrompt: 1 }
  const job = { ...twoVideos, parameters, outputs: twoVideos.outputs.slice(0, 1) }
  const marksOf = async (): Promise<readonly string[]> => {
    const marks: string[] = []
    await render(job, ({ phase, step, firstRun }) => marks.push(`${phase} ${step}${firstRun ? '!' : ''}`))
    return marks
  }
  const encoders = Array.from({ length: 4 }, () => 'encode-image 0!')
  expect(await marksOf()).toEqual([
    ...['load 0', 'encode-image 0', ...encoders, 'encode-image 1'],
    ...['denoise 0', 'denoise 0!', 'denoise 1', 'denoise 2', 'decode 0', 'decode 0!', 'decode 1'],
  ])
  expect(await marksOf()).toEqual([
    ...['load 0', 'encode-image 0', 'encode-image 1'],
    ...['denoise 0', 'denoise 1', 'denoise 2', 'decode 0', 'decode 1'],
  ])
})

test('the networks of a job are closed before a job of another length is planned', async () => {
  const log: string[] = []
  const open: OpenSession = async (graph, options) => {
    const session = await openSession(graph, options)
    log.push(`open ${graph.name}`)
    return {
      ...session,
      async [Symbol.asyncDispose]() {
        log.push(`close ${graph.name}`)
        await session[Symbol.asyncDispose]()
      },
    }
  }
  const twoVideos = await aJob()
  const parameters = { ...twoVideos.parameters, numInferenceSteps: 1, numVideosPerPrompt: 1 }
  const job = { ...twoVideos, parameters, outputs: twoVideos.outputs.slice(0, 1) }
  const context = { signal: new AbortController().signal, onProgress: () => {} }
  await using small = createJobRenderer(open)
  await small.render(job, context)
  const opened = log.splice(0).filter((line) => line.startsWith('open '))
  // A plan needs the checkpoint, so that this one fails before it.
  await rm(path.join(job.checkpointDir, 'model_index.json'))
  const longer = { ...job, parameters: { ...parameters, numFrames: parameters.numFrames + 1 } }
  await expect(small.render(longer, context)).rejects.toThrow('model_index.json')
  expect(log).toEqual(opened.map((line) => line.replace('open', 'close')))
})

test('CLIP gets the source image, and the VAE gets the fitted image', async () => {
  const twoVideos = await aJob()
  const parameters = { ...twoVideos.parameters, numInferenceSteps: 1, numVideosPerPrompt: 1 }
  const job = { ...twoVideos, parameters, outputs: twoVideos.outputs.slice(0, 1) }
  const framesOf = async (images: Partial<RenderJob> = {}): Promise<Buffer> => {
    await render({ ...job, ...images })
    return readFile(job.outputs[0]!)
  }
  const before = await framesOf()
  for (const name of ['source', 'fitted'] as const) {
    const { path: file, width, height } = job[name]
    const grey = { width, height, data: new Uint8Array(width * height * 3).fill(200) }
    const other = await writeRgbFile(`${file}.grey`, grey, new AbortController().signal)
    expect((await framesOf({ [name]: other })).equals(before)).toBe(false)
  }
  expect((await framesOf()).equals(before)).toBe(true)
})

describe('a job that finds the GPU memory full', () => {
  /** Sessions of which the first few of one network fail, and how many of them were opened. */
  const sessionsThatFail = (failures: number, fault: 'out-of-memory' | 'sticky' = 'out-of-memory') => {
    let opened = 0
    const open: OpenSession = (graph, options) => {
      if (graph.name === 'vae_decoder' && opened++ < failures)
        throw new DeviceFaultError(fault, `${graph.name}: ${fault}`)
      return openSession(graph, options)
    }
    return { open, opened: () => opened }
  }
  const oneStep = async (memory: RenderJob['memory']): Promise<RenderJob> => {
    const job = await aJob()
    const parameters = { ...job.parameters, numInferenceSteps: 1, numVideosPerPrompt: 1 }
    return { ...job, memory, parameters, outputs: job.outputs.slice(0, 1) }
  }
  const context = { signal: new AbortController().signal, onProgress: () => {} }

  test('is rendered with a smaller plan, and gives the same frames', async () => {
    const job = await oneStep('resident')
    await render(job)
    const expected = await readFile(job.outputs[0]!)
    await rm(job.outputs[0]!)
    const { open } = sessionsThatFail(1)
    await using small = createJobRenderer(open)
    expect(await small.render(job, context)).toMatchObject({ memory: 'offload' })
    expect((await readFile(job.outputs[0]!)).equals(expected)).toBe(true)
  })

  test('is rendered with the smallest plan if necessary, with which the next such job begins', async () => {
    const job = await oneStep('resident')
    const { open, opened } = sessionsThatFail(2)
    await using small = createJobRenderer(open)
    expect(await small.render(job, context)).toMatchObject({ memory: 'low-vram' })
    const before = opened()
    expect(await small.render(job, context)).toMatchObject({ memory: 'low-vram' })
    expect(opened() - before).toBe(before - 2)
  })

  test('fails if no plan is small enough', async () => {
    const { open } = sessionsThatFail(Number.POSITIVE_INFINITY)
    await using small = createJobRenderer(open)
    await expect(small.render(await oneStep('offload'), context)).rejects.toMatchObject({
      fault: 'out-of-memory',
    })
  })

  test('is not rendered again for a GPU fault of another kind', async () => {
    const { open, opened } = sessionsThatFail(1, 'sticky')
    await using small = createJobRenderer(open)
    await expect(small.render(await oneStep('resident'), context)).rejects.toMatchObject({ fault: 'sticky' })
    expect(opened()).toBe(1)
  })
})

describe('a render job', () => {
  test('is refused if its fitted image has another size than the clip', async () => {
    const job = await aJob()
    const fitted = { ...job.fitted, width: job.fitted.width + 8 }
    expect(() => renderJobSchema.parse({ ...job, fitted })).toThrow('is not of the size in parameters')
  })

  test('is refused if it does not have one output file for each video', async () => {
    const job = await aJob()
    expect(() => renderJobSchema.parse({ ...job, outputs: job.outputs.slice(1) })).toThrow(
      'are not as many as parameters.numVideosPerPrompt',
    )
  })

  test('is refused before any image is read if it does not fit in memory', async () => {
    const job = await aJob()
    const size = { width: 8192, height: 8192 }
    await rm(job.source.path)
    const large = {
      ...job,
      fitted: { path: path.join(path.dirname(job.fitted.path), 'large.rgb'), sha256: null, ...size },
      parameters: { ...job.parameters, ...size },
    }
    const error: unknown = await render(large).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DoesNotFitError)
    expect(`${error}`).toMatch(/^DoesNotFitError: memory: .* needs .* GB, and .* GB are there; /)
  })

  test('is refused if its image file was truncated', async () => {
    const job = await aJob()
    await writeFile(job.fitted.path, 'short')
    await expect(render(job)).rejects.toThrow('fitted.rgb has 5 bytes')
  })
})
