import { describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { type ClipGraphs, compileClip, vaeScaleFactor } from '../../../worker/compiler/compile.ts'
import type { Graph } from '../../../worker/compiler/graph/graph.ts'
import { cudaTarget } from '../../../worker/compiler/targets/cuda/cuda.ts'
import { oneTarget, type Target } from '../../../worker/compiler/targets/target.ts'
import type { Tensor } from '../../../worker/engine/tensor.ts'
import { packedTarget } from '../../fixtures/cpu-targets.ts'
import { type Golden, readGolden } from '../../fixtures/golden.ts'
import { drawInput } from '../../fixtures/golden-input.ts'
import { expectWithinBudget } from '../../fixtures/half-budget.ts'
import { notEmpty } from '../../fixtures/not-empty.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../../fixtures/random-checkpoint.ts'
import { runGraph, tensorOf } from '../../fixtures/run-graph.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

/* The CUDA graphs in float16 against diffusers' float32 results, see half-budget.ts. */

const CASES = [
  { golden: 'networks-tiny', checkpoint: 'tiny', form: {} },
  { golden: 'networks-tiny-fp16', checkpoint: 'tiny', form: { variant: 'fp16' } },
  { golden: 'networks-four-level', checkpoint: 'four-level', form: {} },
  { golden: 'networks-mid-attn-3', checkpoint: 'mid-attn-3', form: {} },
] as const

interface Call {
  readonly timestep: number
  readonly added_time_ids: readonly number[]
}

const expectWithin = async (goldenName: string, key: string, actual: Tensor): Promise<void> =>
  expectWithinBudget(goldenName, key, actual, (await readGolden(goldenName)).tensor(key))

describe.each(CASES)(
  'with checkpoint $checkpoint $form',
  ({ golden: goldenName, checkpoint: name, form }) => {
    const open = async () => {
      const spec = await readCheckpointSpec(name)
      return await openCheckpoint(await writeRandomCheckpoint(await temporaryDir(), spec, form))
    }
    type Sizes = { readonly width: number; readonly height: number; readonly numFrames: number }
    const graphsOf = async (sizes: Sizes, target: Target = cudaTarget('float16')): Promise<ClipGraphs> =>
      compileClip(await open(), {
        ...sizes,
        guidance: true,
        targets: oneTarget(target),
        feedForwardChunks: 1,
      })
    /** Expects the activations of all products to be float16. Inputs, outputs and values that stay float32 are small. */
    const expectHalf = (graph: Graph): void => {
      const products = graph.nodes.filter(({ flops }) => flops > 0)
      for (const { name: node, outputs } of notEmpty(products))
        expect(outputs[0]?.dtype, node).toBe('float16')
    }
    const scaleOf = async (): Promise<number> => vaeScaleFactor((await open()).vae.config)
    const latentSize = async ({ shape }: Tensor): Promise<{ width: number; height: number }> => {
      const scale = await scaleOf()
      return { width: (shape.at(-1) ?? 0) * scale, height: (shape.at(-2) ?? 0) * scale }
    }
    const callsOf = (golden: Golden): readonly (readonly [string, Call])[] => {
      const calls = Object.entries(JSON.parse(golden.metadata['calls'] ?? '') as Record<string, Call>)
      return calls.filter(([call]) => call.startsWith('unet.'))
    }

    test('the image encoder errs no more than diffusers in float16', async () => {
      const golden = await readGolden(goldenName)
      const pixels = drawInput(golden, 'clip.pixel_values')
      const graph = (await graphsOf({ width: 64, height: 64, numFrames: 1 })).imageEncoder()
      expectHalf(graph)
      const perImage = pixels.data.length / 2
      const rows: number[] = []
      for (const image of [0, 1]) {
        const data = pixels.data.slice(image * perImage, (image + 1) * perImage)
        const { image_embeds } = await runGraph(graph, { pixel_values: { data, shape: [1, 3, 224, 224] } })
        rows.push(...image_embeds!.data)
      }
      const { shape } = golden.tensor('clip.image_embeds')
      await expectWithin(goldenName, 'clip.image_embeds', { data: Float32Array.from(rows), shape })
    })

    test('the VAE encoder errs no more than diffusers in float16', async () => {
      const image = drawInput(await readGolden(goldenName), 'vae.encode.image')
      const [, , height = 0, width = 0] = image.shape
      const graph = (await graphsOf({ width, height, numFrames: 1 })).vaeEncoder()
      expectHalf(graph)
      const { image_latents } = await runGraph(graph, { image })
      await expectWithin(goldenName, 'vae.encode.mode', image_latents!)
    })

    test.each([1, 2, 5])(
      'the VAE decoder errs no more than diffusers in float16 on %i frame(s)',
      async (frames) => {
        const unscaled = drawInput(await readGolden(goldenName), `vae.decode.${frames}.latents`)
        const { scalingFactor } = (await open()).vae.config
        const latents = { ...unscaled, data: unscaled.data.map((x) => x * scalingFactor) }
        const graphs = await graphsOf({ ...(await latentSize(unscaled)), numFrames: frames })
        const graph = graphs.vaeDecoder(frames)
        expectHalf(graph)
        const decoded = await runGraph(graph, { latents })
        await expectWithin(goldenName, `vae.decode.${frames}.sample`, decoded['frames']!)
      },
    )

    test.each([cudaTarget('float16'), packedTarget('float16')])(
      'the UNet errs no more than diffusers in float16, for target $name',
      async (target) => {
        const golden = await readGolden(goldenName)
        for (const [call, { timestep, added_time_ids }] of notEmpty(callsOf(golden))) {
          const sample = drawInput(golden, `${call}.sample`)
          const [clips = 0, numFrames = 0] = sample.shape
          const graph = (await graphsOf({ ...(await latentSize(sample)), numFrames }, target)).plainUnet(
            clips,
          )
          expectHalf(graph)
          const { out_sample } = await runGraph(graph, {
            sample,
            timestep: tensorOf([timestep]),
            encoder_hidden_states: drawInput(golden, `${call}.encoder_hidden_states`),
            added_time_ids: tensorOf(Array.from({ length: clips }, () => added_time_ids).flat(), [clips, 3]),
          })
          await expectWithin(goldenName, `${call}.output`, out_sample!)
        }
      },
    )
  },
)
