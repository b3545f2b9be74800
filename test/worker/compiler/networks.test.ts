import { describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { compileClip, vaeScaleFactor } from '../../../worker/compiler/compile.ts'
import { oneTarget, type Target } from '../../../worker/compiler/targets/target.ts'
import { toRgbFrame } from '../../../worker/pipeline/image/frames.ts'
import { expectClose } from '../../fixtures/close.ts'
import { FLOAT32_TARGETS, packedTarget } from '../../fixtures/cpu-targets.ts'
import { type Golden, readGolden } from '../../fixtures/golden.ts'
import { drawInput } from '../../fixtures/golden-input.ts'
import {
  type CheckpointName,
  readCheckpointSpec,
  writeRandomCheckpoint,
} from '../../fixtures/random-checkpoint.ts'
import { runGraph, runMixedGraph, tensorOf } from '../../fixtures/run-graph.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const CASES = [
  { golden: 'networks-tiny', checkpoint: 'tiny', form: {} },
  { golden: 'networks-tiny', checkpoint: 'tiny', form: { shards: 3 } },
  { golden: 'networks-tiny', checkpoint: 'tiny', form: { hubCacheSymlinks: true } },
  { golden: 'networks-tiny-fp16', checkpoint: 'tiny', form: { variant: 'fp16' } },
  { golden: 'networks-four-level', checkpoint: 'four-level', form: {} },
  { golden: 'networks-mid-attn-3', checkpoint: 'mid-attn-3', form: {} },
] as const

const open = async (name: CheckpointName, form: Parameters<typeof writeRandomCheckpoint>[2]) => {
  const dir = await writeRandomCheckpoint(await temporaryDir(), await readCheckpointSpec(name), form)
  return await openCheckpoint(dir)
}

const toleranceOf = (golden: Golden): { readonly relativeToScale: number } =>
  JSON.parse(golden.metadata['tolerance'] ?? '') as { relativeToScale: number }

interface Calls {
  readonly [name: string]: { readonly timestep: number; readonly added_time_ids: readonly number[] }
}

const runsOn = (targets: readonly Target[]) =>
  targets.flatMap((target) => CASES.map((run) => ({ ...run, target, on: target.name })))
const sizeFor = (target: Target) =>
  ({ guidance: true, targets: oneTarget(target), feedForwardChunks: 1 }) as const

describe.each(runsOn(FLOAT32_TARGETS))('with checkpoint $checkpoint $form on target $on', (run) => {
  const { golden: goldenName, checkpoint: name, form, target } = run
  const SIZE = sizeFor(target)

  test('the image encoder gives the same embeddings as transformers', async () => {
    const [golden, checkpoint] = await Promise.all([readGolden(goldenName), open(name, form)])
    const pixels = drawInput(golden, 'clip.pixel_values')
    const expected = golden.tensor('clip.image_embeds')
    const graph = compileClip(checkpoint, { ...SIZE, width: 64, height: 64, numFrames: 1 }).imageEncoder()
    const perImage = pixels.data.length / 2
    for (const image of [0, 1]) {
      const pixel_values = {
        data: pixels.data.slice(image * perImage, (image + 1) * perImage),
        shape: [1, 3, 224, 224],
      }
      const { image_embeds } = await runGraph(graph, { pixel_values })
      const width = expected.shape[1] ?? 0
      const row = { data: expected.data.slice(image * width, (image + 1) * width), shape: [1, width] }
      expectClose(image_embeds!, row, toleranceOf(golden))
    }
  })

  test('the VAE encoder gives the same mode as diffusers', async () => {
    const [golden, checkpoint] = await Promise.all([readGolden(goldenName), open(name, form)])
    const image = drawInput(golden, 'vae.encode.image')
    const [, , height = 0, width = 0] = image.shape
    const graph = compileClip(checkpoint, { ...SIZE, width, height, numFrames: 1 }).vaeEncoder()
    const { image_latents } = await runGraph(graph, { image })
    expectClose(image_latents!, golden.tensor('vae.encode.mode'), toleranceOf(golden))
  })

  const openDecoder = async (frames: number) => {
    const [golden, checkpoint] = await Promise.all([readGolden(goldenName), open(name, form)])
    const unscaled = drawInput(golden, `vae.decode.${frames}.latents`)
    const [, , height = 0, width = 0] = unscaled.shape
    const scale = vaeScaleFactor(checkpoint.vae.config)
    const size = { ...SIZE, width: width * scale, height: height * scale, numFrames: frames }
    const latents = { ...unscaled, data: unscaled.data.map((x) => x * checkpoint.vae.config.scalingFactor) }
    return { golden, graphs: compileClip(checkpoint, size), latents, size }
  }

  test.each([1, 2, 5])(
    'the VAE decoder gives the same frames as diffusers for a chunk of %i frame(s)',
    async (frames) => {
      const { golden, graphs, latents } = await openDecoder(frames)
      const decoded = await runGraph(graphs.vaeDecoder(frames), { latents })
      expectClose(decoded['frames']!, golden.tensor(`vae.decode.${frames}.sample`), toleranceOf(golden))
    },
  )

  test('the VAE decoder gives the bytes to which its float32 frames are rounded', async () => {
    const { graphs, latents, size } = await openDecoder(2)
    const { frames } = await runGraph(graphs.vaeDecoder(2), { latents })
    const { width, height } = size
    const rounded = [0, 1].map((frame) => {
      const data = frames!.data.subarray(frame * 3 * height * width, (frame + 1) * 3 * height * width)
      return toRgbFrame({ data, shape: [3, height, width] })
    })
    expect(await runMixedGraph(graphs.vaeDecoder(2, 'rgb'), { latents })).toEqual({
      rgb: {
        data: Uint8Array.from(rounded.flatMap(({ bytes }) => [...bytes])),
        shape: [2, height, width, 3],
      },
      non_finite_values: tensorOf([0, 0]),
    })
  })
})

describe.each(runsOn([...FLOAT32_TARGETS, packedTarget('float32')]))(
  'with checkpoint $checkpoint $form on target $on',
  (run) => {
    const { golden: goldenName, checkpoint: name, form, target } = run
    const SIZE = sizeFor(target)

    test('the UNet gives the same prediction as diffusers', async () => {
      const [golden, checkpoint] = await Promise.all([readGolden(goldenName), open(name, form)])
      const calls = Object.entries(JSON.parse(golden.metadata['calls'] ?? '') as Calls)
      const unetCalls = calls.filter(([call]) => call.startsWith('unet.'))
      expect(unetCalls).toHaveLength(2)
      for (const [call, { timestep, added_time_ids }] of unetCalls) {
        const sample = drawInput(golden, `${call}.sample`)
        const [clips = 0, numFrames = 0, , height = 0, width = 0] = sample.shape
        const scale = vaeScaleFactor(checkpoint.vae.config)
        const size = {
          ...SIZE,
          width: width * scale,
          height: height * scale,
          numFrames,
          feedForwardChunks: 3,
        }
        const { out_sample } = await runGraph(compileClip(checkpoint, size).plainUnet(clips), {
          sample,
          timestep: tensorOf([timestep]),
          encoder_hidden_states: drawInput(golden, `${call}.encoder_hidden_states`),
          added_time_ids: tensorOf(Array.from({ length: clips }, () => added_time_ids).flat(), [clips, 3]),
        })
        expectClose(out_sample!, golden.tensor(`${call}.output`), toleranceOf(golden))
      }
    })
  },
)
