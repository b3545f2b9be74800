import { describe, test } from 'vitest'
import { timestepEmbedding } from '../../../../worker/compiler/layers/timestep-embedding.ts'
import { LAYER_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { openLayerGolden } from '../../../fixtures/layer-golden.ts'

describe.each(LAYER_TARGETS)('timestepEmbedding, for target $name,', (target) => {
  test.each([
    ['of the step', 'time_embedding', { inFeatures: 32, hidden: 128, outFeatures: 128 }],
    ['of the added ids', 'add_embedding', { inFeatures: 96, hidden: 128, outFeatures: 128 }],
    [
      'of the frame numbers',
      'down_blocks.0.attentions.0.time_pos_embed',
      { inFeatures: 32, hidden: 128, outFeatures: 32 },
    ],
  ])("equals diffusers' TimestepEmbedding %s", async (_, path, config) => {
    const layer = await openLayerGolden('tiny', 'unet', path, target)
    await layer.expectOutput(timestepEmbedding(layer.scope, config)(layer.feedTokens('sample')))
  })
})
