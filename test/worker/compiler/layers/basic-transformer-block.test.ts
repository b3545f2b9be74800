import { describe, expect, test } from 'vitest'
import {
  basicTransformerBlock,
  temporalTransformerBlock,
} from '../../../../worker/compiler/layers/basic-transformer-block.ts'
import { contextProjection } from '../../../../worker/compiler/layers/context.ts'
import { into } from '../../../../worker/compiler/layers/scope.ts'
import { reshape } from '../../../../worker/compiler/ops/shape.ts'
import { type LayerGolden, openLayerGolden } from '../../../fixtures/layer-golden.ts'

const CLIPS = 2
const CHANNELS = 32
const config = (feedForwardChunks: number) => ({
  channels: CHANNELS,
  crossAttentionDim: 32,
  heads: 2,
  feedForwardChunks,
})

/** [rows, length, C] as tokens. */
const feedTokens = (layer: LayerGolden) => {
  const x = layer.feed('hidden_states')
  const [rows = 0, length = 0] = x.shape
  return { value: reshape(layer.scope.g, x, [rows * length, CHANNELS]), rows, length }
}

const foldedContext = (layer: LayerGolden) =>
  contextProjection(into(layer.scope, 'attn2'), config(1))(layer.feedPerClip('encoder_hidden_states', CLIPS))

describe.each([1, 5])('with the feed-forward in %i pieces', (pieces) => {
  test("diffusers' BasicTransformerBlock", async () => {
    const layer = await openLayerGolden('tiny', 'unet', 'down_blocks.0.attentions.0.transformer_blocks.0')
    const block = basicTransformerBlock(layer.scope, config(pieces))
    await layer.expectOutput(block(feedTokens(layer), foldedContext(layer)).value)
  })

  test("diffusers' TemporalBasicTransformerBlock", async () => {
    const path = 'down_blocks.0.attentions.0.temporal_transformer_blocks.0'
    const layer = await openLayerGolden('tiny', 'unet', path)
    const { g, target } = layer.scope
    const block = temporalTransformerBlock(layer.scope, config(pieces))
    const byPlace = target.toTemporalTokens(g, feedTokens(layer), layer.numFrames)
    expect(byPlace).toMatchObject({ rows: CLIPS * 24, length: 2 })
    await layer.expectOutput(target.toSpatialTokens(g, block(byPlace, foldedContext(layer)), CLIPS).value)
  })
})
