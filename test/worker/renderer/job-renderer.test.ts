import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { resolveParameters } from '../../../shared/contracts/render-parameters.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { vaeScaleFactor } from '../../../worker/compiler/compile.ts'
import type { Progress } from '../../../worker/pipeline/progress.ts'
import { createJobRenderer, type JobRenderer } from '../../../worker/renderer/job-renderer.ts'
import { prepareImage } from '../../../worker/renderer/prepare-image.ts'
import { type RenderJob, renderJobSchema, renderResultSchema } from '../../../worker/renderer/render-job.ts'
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

test('prepared pictures become the raw frames of diffusers, a file for each video', async () => {
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

test('a job like the one before reads nothing of the checkpoint again; one of another length does', async () => {
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

test('CLIP sees the source and the VAE the fitted picture', async () => {
  const twoVideos = await aJob()
  const parameters = { ...twoVideos.parameters, numInferenceSteps: 1, numVideosPerPrompt: 1 }
  const job = { ...twoVideos, parameters, outputs: twoVideos.outputs.slice(0, 1) }
  const framesOf = async (): Promise<Buffer> => {
    await render(job)
    return readFile(job.outputs[0]!)
  }
  const before = await framesOf()
  for (const file of [job.source, job.fitted]) {
    const pixels = await readFile(file.path)
    await writeFile(file.path, Buffer.alloc(pixels.length, 200))
    expect((await framesOf()).equals(before)).toBe(false)
    await writeFile(file.path, pixels)
  }
  expect((await framesOf()).equals(before)).toBe(true)
})

describe('a job is refused', () => {
  test('whose fitted picture is not of the size of the clip', async () => {
    const job = await aJob()
    const fitted = { ...job.fitted, width: job.fitted.width + 8 }
    expect(() => renderJobSchema.parse({ ...job, fitted })).toThrow('is not of the size in parameters')
  })

  test('that has not a file for each video', async () => {
    const job = await aJob()
    expect(() => renderJobSchema.parse({ ...job, outputs: job.outputs.slice(1) })).toThrow(
      'are not as many as parameters.numVideosPerPrompt',
    )
  })

  test('whose picture was cut short', async () => {
    const job = await aJob()
    await writeFile(job.fitted.path, 'short')
    await expect(render(job)).rejects.toThrow('fitted.rgb has 5 bytes')
  })
})
