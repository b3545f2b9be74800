import { describe, expect, test } from 'vitest'
import { parseRenderArguments } from '../../../shared/contracts/render-arguments.ts'
import { resolveParameters } from '../../../shared/contracts/render-parameters.ts'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import type { Precision } from '../../../worker/compiler/targets/clip-targets.ts'
import type { Tensor } from '../../../worker/engine/tensor.ts'
import type { ClipNetworks } from '../../../worker/pipeline/clip-networks.ts'
import { conditionClip } from '../../../worker/pipeline/condition-clip.ts'
import { createTorchGenerator } from '../../../worker/pipeline/random/torch-generator.ts'
import { readGolden } from '../../fixtures/golden.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../../fixtures/random-checkpoint.ts'
import { tensorOf } from '../../fixtures/run-graph.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { NO_NETWORKS } from './no-networks.ts'

const IMAGE = { width: 8, height: 8, data: new Uint8Array(8 * 8 * 3).fill(100) }

/** The inputs of the VAE's encoder and of the UNet's conditioning at that precision, and the next random draw. */
const conditionIn = async (precision: Precision, ids: readonly number[]) => {
  const dir = await writeRandomCheckpoint(await temporaryDir(), {
    ...(await readCheckpointSpec('tiny')),
    components: {} as never,
  })
  const checkpoint = await openCheckpoint(dir, { weights: 'optional' })
  const [fps = 0, motion_bucket_id, noise_aug_strength] = ids
  const parameters = resolveParameters(
    parseRenderArguments({
      ...{ width: 8, height: 8, seed: 0, fps: fps + 1 },
      ...{ motion_bucket_id, noise_aug_strength },
    }),
    checkpoint.defaults,
    { vaeScaleFactor: 2 },
  )
  const seen: { image?: Tensor | undefined; ids?: Tensor | undefined } = {}
  const networks: ClipNetworks = {
    ...NO_NETWORKS,
    encodeImage: async () => ({ image_embeds: tensorOf([1, 2], [1, 2]) }),
    encodeVae: async ({ image }) => {
      seen.image = image
      return { image_latents: tensorOf([3], [1, 1, 1, 1]) }
    },
    condition: async () => ({}),
    shiftTime: async (steps, { timesteps, added_time_ids }) => {
      expect([steps, timesteps?.shape]).toEqual([2, [2, 1]])
      seen.ids = added_time_ids
      return {}
    },
  }
  const signal = new AbortController().signal
  const generator = createTorchGenerator(0n)
  await conditionClip({ source: IMAGE, fitted: IMAGE }, parameters, {
    checkpoint,
    networks,
    timesteps: Float32Array.of(0.5, 0.25),
    generator,
    apart: false,
    precision,
    signal,
  })
  return { ...seen, next: generator.randn(16, 'float32') }
}

describe('the added time ids', () => {
  test.each(['half-noise', 'two-videos'])('in float16 equal those of diffusers: %s', async (name) => {
    const golden = await readGolden('half-pipeline')
    const cases = JSON.parse(golden.metadata['cases'] ?? '') as Record<string, { ids: number[] }>
    const { ids } = await conditionIn('fp16', cases[name]?.ids ?? [])
    const expected = golden.tensor(`${name}/added_time_ids`).data.slice(0, 3)
    expect(ids?.data).toEqual(expected)
  })

  test('in float32 are the numbers of the call', async () => {
    const { ids } = await conditionIn('fp32', [6, 127, 0.02])
    expect(ids?.data).toEqual(Float32Array.of(6, 127, 0.02))
  })
})

test('the precision changes neither the noised image nor what the generator draws next', async () => {
  const [single, half] = [
    await conditionIn('fp32', [6, 127, 0.02]),
    await conditionIn('fp16', [6, 127, 0.02]),
  ]
  expect(half.image).toEqual(single.image)
  expect(half.next).toEqual(single.next)
})
