import { describe, expect, test } from 'vitest'
import { sinusoidalEmbedding } from '../../../../worker/compiler/float32/sinusoidal-embedding.ts'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { reshape } from '../../../../worker/compiler/ops/shape.ts'
import { openLayerGolden } from '../../../fixtures/layer-golden.ts'
import { runGraph, tensorOf } from '../../../fixtures/run-graph.ts'

describe('sinusoidalEmbedding', () => {
  test.each([
    ['of the step', 'time_proj'],
    ['of the added ids', 'add_time_proj'],
  ])("equals diffusers' Timesteps %s", async (_, path) => {
    const layer = await openLayerGolden('tiny', 'unet', path)
    const { g } = layer.scope
    const timesteps = layer.feed('timesteps')
    const column = reshape(g, timesteps, [timesteps.shape[0] ?? 0, 1])
    await layer.expectOutput(sinusoidalEmbedding(g, column, 32))
  })
})

test('sinusoidalEmbedding puts the embeddings of several values in a row side by side', async () => {
  const g = createGraph('embedding')
  g.output('y', sinusoidalEmbedding(g, g.input('x', [1, 2]), 2))
  const { y } = await runGraph(g, { x: tensorOf([0, 1], [1, 2]) })
  expect([...y!.data]).toEqual([1, 0, Math.cos(1), Math.sin(1)].map(Math.fround))
})
