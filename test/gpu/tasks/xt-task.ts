import { z } from 'zod'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { openDevice } from '../../../worker/engine/device.ts'
import { createSessionPool } from '../../../worker/engine/session-pool.ts'
import type { Tensor } from '../../../worker/engine/tensor.ts'
import { openClipNetworks } from '../../../worker/pipeline/clip-networks.ts'
import { toClipInput } from '../../../worker/pipeline/image/clip-input.ts'
import { toVaeInput } from '../../../worker/pipeline/image/vae-input.ts'
import { renderClip } from '../../../worker/pipeline/render-clip.ts'
import { predictedMemory } from '../predicted-memory.ts'
import { timedSessions } from '../timed-sessions.ts'
import { CLIP_VARIANT, clipParameters, clipRequestSchema, noiseImage } from '../xt-clip.ts'
import { serveTask } from './serve-task.ts'

/*
 * One clip of the large model by the product's own pipeline, one network in memory at a time, so that each one's memory
 * is seen alone. Then the encoders run again, and its latents are decoded in larger chunks.
 */

const requestSchema = clipRequestSchema.extend({
  steps: z.int(),
  /** Further sizes of decoded chunks, each tried as it is. */
  moreChunks: z.array(z.int()),
})

const ENCODER_RUNS = 4

await serveTask(requestSchema, async (request, emit) => {
  const signal = new AbortController().signal
  const checkpoint = await openCheckpoint(request.checkpointDir, { variant: CLIP_VARIANT })
  const device = await openDevice(request.choice)
  const targets = device.targets(checkpoint.vae.config)
  const memoryOf = predictedMemory(request.choice)
  await using pool = createSessionPool(
    {
      ...{ keep: 'one', provider: device.provider, threads: 0, cacheDir: request.cacheDir },
      reserveOf: (graph) => memoryOf(graph).reserve,
    },
    timedSessions(emit, memoryOf),
  )
  const parameters = clipParameters(checkpoint, request, request.steps)
  const image = noiseImage(parameters.width, parameters.height)
  const clip = await renderClip({ source: image, fitted: image }, parameters, {
    ...{ checkpoint, pool, targets, lowMemory: false, precision: request.choice.precision, signal },
    onProgress: () => {},
  })
  let [frames, bytes, nonFiniteValues] = [0, 0, 0]
  let [smallest, largest] = [255, 0]
  for await (const frame of clip.frames()) {
    frames++
    bytes += frame.bytes.length
    nonFiniteValues += frame.nonFiniteValues
    for (const value of frame.bytes) {
      if (value < smallest) smallest = value
      if (value > largest) largest = value
    }
  }
  await pool.retain(() => false)
  emit({
    type: 'clip',
    ...clip.seconds,
    steps: clip.steps,
    frames,
    bytes,
    nonFiniteValues,
    smallest,
    largest,
  })

  // Once more with what the first clip left in the cache, and several runs of what ran once.
  const networks = await openClipNetworks(parameters, {
    ...{ checkpoint, pool, targets, exactTargets: null, feedForwardChunks: 1, onLoaded: () => {} },
  })
  const pixels = toClipInput(image, checkpoint.featureExtractor)
  for (let run = 0; run < ENCODER_RUNS; run++) await networks.encodeImage({ pixel_values: pixels })
  for (let run = 0; run < ENCODER_RUNS; run++) await networks.encodeVae({ image: toVaeInput(image) })

  const [, ...sides] = clip.latents.shape
  const perFrame = sides.reduce((product, side) => product * side, 1)
  for (const chunk of request.moreChunks) {
    const latents: Tensor = { data: clip.latents.data.slice(0, chunk * perFrame), shape: [chunk, ...sides] }
    try {
      for (let run = 0; run < 2; run++) await networks.decodeRgb(chunk, { latents })
    } catch (error) {
      emit({ type: 'chunk-failed', chunk, message: error instanceof Error ? error.message : String(error) })
    }
    await pool.retain(() => false)
  }
})
