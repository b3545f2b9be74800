import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { vaeScaleFactor } from '../../../worker/compiler/compile.ts'
import { openDevice } from '../../../worker/engine/device.ts'
import { createSessionPool } from '../../../worker/engine/session-pool.ts'
import type { Tensor } from '../../../worker/engine/tensor.ts'
import { openClipNetworks } from '../../../worker/pipeline/clip-networks.ts'
import { roundTo } from '../../../worker/pipeline/precision.ts'
import { guidanceRamp } from '../../../worker/pipeline/scheduler/guidance-ramp.ts'
import { differenceOf, relativeRmsOf } from '../../fixtures/difference.ts'
import { drawUniform } from '../../fixtures/uniform.ts'
import { predictedMemory } from '../predicted-memory.ts'
import { CLIP_VARIANT, clipParameters, clipRequestSchema } from '../xt-clip.ts'
import { serveTask } from './serve-task.ts'

/*
 * This process has our sessions, a Python process beside it has diffusers. They take turns, so that what slows the card
 * down for a while slows both.
 */

const requestSchema = clipRequestSchema.extend({
  python: z.string(),
  compile: z.boolean(),
  /** Whether results have values, and the card memory that can be read. */
  values: z.boolean(),
  /** Whether diffusers computes the same in float32 too, which takes 40 GB more. */
  reference: z.boolean(),
  rounds: z.int(),
})

const PROGRAM = fileURLToPath(new URL('diffusers_side.py', import.meta.url))
const [SIGMA, SIGMA_NEXT] = [2, 1]

const answerSchema = z.object({
  seconds: z.number().optional(),
  peakBytes: z.number().optional(),
  nonFiniteValues: z.number().optional(),
  loadSeconds: z.number().optional(),
  versions: z.record(z.string(), z.string()).optional(),
})

const openPython = (command: readonly [string, ...string[]]) => {
  const [file, ...args] = command
  const child = execa(file, args, { stdout: 'pipe', buffer: false, reject: false, stderr: 'inherit' })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<z.infer<typeof answerSchema>> => {
    const { value, done } = await lines.next()
    if (done)
      throw new Error(`diffusers' process ended: ${(await child).shortMessage ?? 'without an answer'}`)
    return answerSchema.parse(JSON.parse(value))
  }
  return {
    answer,
    ask: async (what: string) => {
      child.stdin.write(`${what}\n`)
      return await answer()
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await child
    },
  }
}

/** Normal numbers, by adding uniform ones. */
const drawNormal = (seed: number, shape: readonly number[]): Tensor => {
  const count = shape.reduce((product, side) => product * side, 1)
  const parts = Array.from({ length: 4 }, (_, part) => drawUniform(4 * seed + part, count))
  const data = Float32Array.from({ length: count }, (_, i) =>
    parts.reduce((sum, part) => sum + Math.sqrt(3) * ((part[i] ?? 0) - 0.5), 0),
  )
  return { data, shape }
}

const withZeros = ({ data, shape }: Tensor): Tensor => {
  const both = new Float32Array(2 * data.length)
  both.set(data, data.length)
  return { data: both, shape: [2, ...shape.slice(1)] }
}

await serveTask(requestSchema, async (request, emit) => {
  const { choice, checkpointDir, numFrames, decodeChunk, values } = request
  const folder = path.join(request.cacheDir, `diffusers-${process.pid}`)
  await mkdir(folder)
  const checkpoint = await openCheckpoint(checkpointDir, { variant: CLIP_VARIANT })
  const device = await openDevice(choice)
  const parameters = clipParameters(checkpoint, request, 1)
  const scale = vaeScaleFactor(checkpoint.vae.config)
  const [height, width] = [request.height / scale, request.width / scale]
  const used = async (): Promise<number> => (values ? -(await device.memory()).availableBytes : 0)

  const latents = drawNormal(1, [numFrames, 4, height, width])
  const imageLatents = withZeros(drawNormal(2, [1, 4, height, width]))
  const imageEmbeds = withZeros(drawNormal(3, [1, 1, checkpoint.imageEncoder.config.projectionDim]))
  const guidance = guidanceRamp(parameters.minGuidanceScale, parameters.maxGuidanceScale, numFrames)
  const inputs: Readonly<Record<string, Float32Array>> = {
    latents: latents.data,
    image_latents: imageLatents.data,
    image_embeds: imageEmbeds.data,
    guidance_scale: guidance,
  }
  for (const [name, data] of Object.entries(inputs)) await writeFile(path.join(folder, `${name}.bin`), data)
  await writeFile(path.join(folder, 'size.json'), JSON.stringify({ height, width }))

  const before = await used()
  const memoryOf = predictedMemory(choice)
  await using pool = createSessionPool({
    ...{ keep: 'all', provider: device.provider, threads: 0, cacheDir: request.cacheDir },
    reserveOf: (graph) => memoryOf(graph).reserve,
  })
  const networks = await openClipNetworks(parameters, {
    ...{ checkpoint, pool, feedForwardChunks: 1, onLoaded: () => {} },
    targets: device.targets(checkpoint.vae.config),
    exactTargets: null,
  })
  const conditioning = await networks.condition(2, { image_embeds: imageEmbeds, image_latents: imageLatents })
  const { fps, motionBucketId, noiseAugStrength } = parameters
  const shifts = await networks.shiftTime(1, {
    timesteps: { data: Float32Array.of(0.25 * Math.log(SIGMA)), shape: [1, 1] },
    added_time_ids: {
      data: Float32Array.of(fps - 1, motionBucketId, noiseAugStrength).map((id) =>
        roundTo(choice.precision, id),
      ),
      shape: [1, 3],
    },
  })
  const scalar = (value: number): Tensor => ({ data: Float32Array.of(value), shape: [1] })
  const step = () =>
    networks.denoiseStep({
      ...{ ...shifts, ...conditioning, latents, sigma: scalar(SIGMA), sigma_next: scalar(SIGMA_NEXT) },
      guidance_scale: { data: guidance, shape: [numFrames] },
    })
  const chunk: Tensor = {
    data: latents.data.slice(0, decodeChunk * 4 * height * width),
    shape: [decodeChunk, 4, height, width],
  }
  const decode = () => networks.decodeRgb(decodeChunk, { latents: chunk })

  const ours = async (what: 'step' | 'decode', warm: boolean): Promise<void> => {
    const started = performance.now()
    await (what === 'step' ? step() : decode())
    const seconds = (performance.now() - started) / 1000
    emit({ type: 'run', side: 'svd-batch', what, warm, seconds, peakBytes: null })
  }
  for (const what of ['step', 'decode'] as const) {
    await ours(what, false)
    emit({ type: 'memory', side: 'svd-batch', what, usedBytes: (await used()) - before })
  }

  const order = [
    checkpointDir,
    folder,
    numFrames,
    decodeChunk,
    SIGMA,
    SIGMA_NEXT,
    fps,
    motionBucketId,
    noiseAugStrength,
  ]
  await using python = openPython([request.python, PROGRAM, ...order.map(String)])
  const { versions } = await python.answer()
  emit({ type: 'versions', versions })
  const theirs = async (side: string, what: 'step' | 'decode', warm: boolean): Promise<void> => {
    const { seconds = 0, peakBytes = 0 } = await python.ask(what)
    emit({ type: 'run', side, what, warm, seconds, peakBytes })
  }
  const takeTurns = async (side: string): Promise<void> => {
    for (const what of ['step', 'decode'] as const) {
      await theirs(side, what, false)
      for (let round = 0; round < request.rounds; round++) {
        await theirs(side, what, true)
        await ours(what, true)
      }
    }
  }

  const compareErrors = async (): Promise<void> => {
    await python.ask('compare')
    await python.ask('reference')
    const bytes = async (name: string) => await readFile(path.join(folder, name))
    const floats = async (name: string) => new Float32Array(Uint8Array.from(await bytes(name)).buffer)
    const [expected, half] = [await floats('expected-step.bin'), await floats('half-step.bin')]
    const { next_latents: nextLatents } = await step()
    if (nextLatents === undefined) throw new TypeError('the step gave no next_latents')
    const errorOf = (actual: Float32Array) => ({
      typical: relativeRmsOf(actual, expected),
      largest: differenceOf(actual, expected).maxAbsolute / differenceOf(expected, expected).scale,
    })
    const count = expected.length
    emit({ type: 'error', what: 'step', count, ours: errorOf(nextLatents.data), theirs: errorOf(half) })
    const [frames, halfFrames] = [await bytes('expected-frames.bin'), await bytes('half-frames.bin')]
    const frameError = (actual: Uint8Array) => {
      const { meanAbsolute, maxAbsolute } = differenceOf(actual, frames)
      return { typical: meanAbsolute, largest: maxAbsolute }
    }
    const { rgb } = await decode()
    emit({
      ...{ type: 'error', what: 'decode', count: frames.length },
      ...{ ours: frameError(rgb.data), theirs: frameError(halfFrames) },
    })
  }

  if (request.reference) await compareErrors()
  await takeTurns('diffusers')
  if (request.compile) {
    await python.ask('compile')
    await takeTurns('diffusers, compiled')
  }
})
