import { expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import { silu } from '../../../../worker/compiler/ops/elementwise.ts'
import type { GraphMemory } from '../../../../worker/engine/memory/graph-memory.ts'
import { reserveOf } from '../../../../worker/engine/memory/reserve-of.ts'
import { exactDecoderGraph } from '../../../../worker/pipeline/clip-networks.ts'

const decoder = (frames: number): Graph => {
  const g = createGraph('vae_decoder')
  g.output('y', silu(g, g.input('latents', [frames, 4])))
  return g
}

const planned = (frames: number, bytes: number | null): GraphMemory => ({
  ...{ graph: 'vae_decoder', inputShapes: [[frames, 4]], weightBytes: 1, arenaBytes: 1, bytes: 2 },
  reserve: bytes === null ? null : { bytes, input: 'latents' },
})

test('reserveOf returns the reserve of the planned graph with the same name and shape', () => {
  const plan = [planned(8, 1024), planned(1, 64), planned(2, null)]
  expect(reserveOf(plan, decoder(8))).toEqual({ bytes: 1024, input: 'latents' })
  expect(reserveOf(plan, decoder(1))).toEqual({ bytes: 64, input: 'latents' })
  expect(reserveOf(plan, decoder(2))).toBeNull()
})

test('reserveOf returns a reserve of its own for a float32 decoder of the same shape', () => {
  const exact = { ...planned(8, 2048), graph: 'vae_decoder_float32' }
  const plan = [planned(8, 1024), exact]
  expect(reserveOf(plan, exactDecoderGraph(decoder(8)))).toEqual({ bytes: 2048, input: 'latents' })
  expect(reserveOf([planned(8, 1024)], exactDecoderGraph(decoder(8)))).toBeNull()
})

test('reserveOf returns null for a graph that was not planned', () => {
  expect(reserveOf([planned(8, 1024)], decoder(3))).toBeNull()
})
