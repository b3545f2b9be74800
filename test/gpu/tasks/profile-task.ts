import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import * as ort from 'onnxruntime-node'
import { z } from 'zod'
import { usesGuidance } from '../../../shared/contracts/render-parameters.ts'
import { elementCount } from '../../../worker/checkpoint/element-count.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { compileClip } from '../../../worker/compiler/compile.ts'
import type { Graph } from '../../../worker/compiler/graph/graph.ts'
import { openDevice } from '../../../worker/engine/device.ts'
import { prepareSession } from '../../../worker/engine/session.ts'

import { drawUniform } from '../../fixtures/uniform.ts'
import { predictedMemory } from '../predicted-memory.ts'
import { lastRunOf, timesByOp } from '../profile-trace.ts'
import { convolutionGraph, productGraph, temporalGroupNormGraph } from '../reference-graphs.ts'
import { CLIP_VARIANT, clipParameters, clipRequestSchema } from '../xt-clip.ts'
import { serveTask } from './serve-task.ts'

/*
 * The process has CUDA_LAUNCH_BLOCKING=1: each kernel ends before the next node begins, because the provider times nodes
 * on the host. So the times of nodes add up to more than a run takes otherwise.
 */

const requestSchema = clipRequestSchema.extend({
  /** Frames of the temporal group norm, as many as the card has memory for. */
  normFrames: z.int(),
  productSize: z.int(),
  slowest: z.int(),
})

/** The first run plans, the second fills caches, the third counts. */
const RUNS = 3

const noise = drawUniform(11, 1_048_573)

/** Numbers from 0.1 to 1.1, so that sigmas are positive too. */
const drawTensor = (shape: readonly number[]): ort.Tensor => {
  const data = new Float32Array(elementCount(shape))
  for (let start = 0; start < data.length; start += noise.length) {
    data.set(noise.subarray(0, Math.min(noise.length, data.length - start)), start)
  }
  for (let i = 0; i < data.length; i++) data[i] = 0.1 + (data[i] ?? 0)
  return new ort.Tensor('float32', data, shape)
}

await serveTask(requestSchema, async (request, emit) => {
  const memoryOf = predictedMemory(request.choice)
  const traces = path.join(request.cacheDir, `traces-${process.pid}`)
  await mkdir(traces, { recursive: true })

  /** With the product's options but for the profiler. */
  const profile = async (title: string, graph: Graph, only: RegExp = /./): Promise<void> => {
    const { bytes, ortOptions } = await prepareSession(graph, {
      provider: 'cuda',
      threads: 0,
      cacheDir: request.cacheDir,
      reserveOf: (one) => memoryOf(one).reserve,
    })
    const session = await ort.InferenceSession.create(bytes, {
      ...ortOptions,
      enableProfiling: true,
      profileFilePrefix: path.join(traces, 'trace'),
    })
    const feeds = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, drawTensor(shape)]))
    for (let run = 0; run < RUNS; run++) await session.run(feeds)
    session.endProfiling()
    await session.release()
    const [file = ''] = await readdir(traces)
    const trace: unknown = JSON.parse(await readFile(path.join(traces, file), 'utf8'))
    await rm(path.join(traces, file))
    const nodes = lastRunOf(trace).filter(({ node }) => only.test(node))
    const flopsOf = new Map(graph.nodes.map(({ name, flops }) => [name, flops]))
    const totalSeconds = nodes.reduce((total, { seconds }) => total + seconds, 0)
    for (const op of timesByOp(nodes, flopsOf)) emit({ type: 'op', graph: title, totalSeconds, ...op })
    const slowest = nodes.toSorted((a, b) => b.seconds - a.seconds).slice(0, request.slowest)
    for (const node of slowest) {
      emit({ type: 'node', graph: title, ...node, flops: flopsOf.get(node.node) ?? 0 })
    }
  }

  /** One that fails leaves the others. */
  const tryProfile = async (...of: Parameters<typeof profile>): Promise<void> => {
    try {
      await profile(...of)
    } catch (error) {
      emit({
        type: 'profile-failed',
        graph: of[0],
        message: error instanceof Error ? error.message : String(error),
      })
    }
  }

  const checkpoint = await openCheckpoint(request.checkpointDir, { variant: CLIP_VARIANT })
  const targets = (await openDevice(request.choice)).targets(checkpoint.vae.config)
  const parameters = clipParameters(checkpoint, request, 1)
  const graphs = compileClip(checkpoint, {
    ...parameters,
    ...{ guidance: usesGuidance(parameters), targets, feedForwardChunks: 1 },
  })
  const { height, width, decodeChunk } = request
  const reference = /^reference\//
  await tryProfile('product', productGraph(request.productSize), reference)
  await tryProfile('convolution', convolutionGraph(), reference)
  const frames = { frames: request.normFrames, height, width }
  await tryProfile('temporal group norm', temporalGroupNormGraph(frames), reference)
  await tryProfile('denoise step', graphs.denoiseStep())
  await tryProfile(`decoder, ${decodeChunk} frames`, graphs.vaeDecoder(decodeChunk, 'rgb'))
})
