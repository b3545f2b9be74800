import { describe, expect, test } from 'vitest'
import {
  basicTransformerBlock,
  temporalTransformerBlock,
} from '../../../../worker/compiler/layers/basic-transformer-block.ts'
import { contextProjection } from '../../../../worker/compiler/layers/context.ts'
import { bindMix } from '../../../../worker/compiler/layers/parameters.ts'
import { into } from '../../../../worker/compiler/layers/scope.ts'
import { LAYER_TARGETS, packedTarget } from '../../../fixtures/cpu-targets.ts'
import { type LayerGolden, openLayerGolden } from '../../../fixtures/layer-golden.ts'
import { storedWeights } from '../../../fixtures/stored-weights.ts'

const CLIPS = 2
const CHANNELS = 32
const config = (feedForwardChunks: number) => ({
  channels: CHANNELS,
  crossAttentionDim: 32,
  heads: 2,
  feedForwardChunks,
})

const foldedContext = (layer: LayerGolden) =>
  contextProjection(into(layer.scope, 'attn2'), config(1))(layer.feedPerClip('encoder_hidden_states', CLIPS))

const TARGETS = [...LAYER_TARGETS, packedTarget('float32'), packedTarget('float16')]
const CASES = TARGETS.flatMap((target) => [1, 5].map((pieces) => ({ name: target.name, target, pieces })))

describe.each(CASES)('for target $name, with the feed-forward in $pieces chunk(s),', ({ target, pieces }) => {
  test("basicTransformerBlock equals diffusers' BasicTransformerBlock", async () => {
    const layer = await openLayerGolden(
      'tiny',
      'unet',
      'down_blocks.0.attentions.0.transformer_blocks.0',
      target,
    )
    const block = basicTransformerBlock(layer.scope, config(pieces))
    await layer.expectOutput(block(layer.feedTokens('hidden_states'), foldedContext(layer)))
  })

  test("temporalTransformerBlock equals diffusers' TemporalBasicTransformerBlock", async () => {
    const path = 'down_blocks.0.attentions.0.temporal_transformer_blocks.0'
    const layer = await openLayerGolden('tiny', 'unet', path, target)
    const { g } = layer.scope
    const block = temporalTransformerBlock(layer.scope, config(pieces))
    const spatial = layer.feedTokens('hidden_states')
    const byPixel = target.toTemporalTokens(g, spatial, layer.numFrames)
    expect(byPixel).toMatchObject({ rows: CLIPS * 24, length: 2 })
    const temporal = block(byPixel, foldedContext(layer))
    // If the temporal side has a share of one, blend returns its tokens unchanged.
    const w = await storedWeights({ mix_factor: { data: Float32Array.of(100), shape: [1] } })
    const onlyTemporal = bindMix(w, { switched: true })
    await layer.expectOutput(target.blend(g, spatial, temporal, onlyTemporal))
  })
})
