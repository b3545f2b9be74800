import { expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import { predictClip } from '../../../../worker/engine/memory/clip-prediction.ts'
import { NO_HOST_MEMORY } from '../../../../worker/engine/memory/host-memory.ts'

/** A clip whose graphs have nothing but a name, and the names of those whose memory was predicted. */
const aClip = ({ isHalf = true } = {}) => {
  const predicted: string[] = []
  const memoryOf = ({ name }: Graph) => {
    predicted.push(name)
    const sizes = { weightBytes: 0, arenaBytes: 0, bytes: 0 }
    return { graph: name, inputShapes: [], reserve: null, ...sizes, host: NO_HOST_MEMORY }
  }
  const clip = predictClip(memoryOf, {
    networks: (lowMemory) => [
      createGraph('encoder'),
      lowMemory ? [createGraph('pass'), createGraph('step')] : createGraph('both passes'),
    ],
    decoder: (frames) => createGraph(`decoder of ${frames}`),
    exactDecoder: isHalf ? (frames) => createGraph(`float32 decoder of ${frames}`) : null,
  })
  return { clip, predicted }
}

test('graphs that take turns are open together, and every other graph is open alone', () => {
  const { clip } = aClip()
  const names = (lowMemory: boolean) =>
    clip.networks(lowMemory).map((together) => together.map(({ graph }) => graph))
  expect(names(false)).toEqual([['encoder'], ['both passes']])
  expect(names(true)).toEqual([['encoder'], ['pass', 'step']])
})

test('each graph is predicted once, when it is first requested', () => {
  const { clip, predicted } = aClip()
  expect(predicted).toEqual([])
  clip.decoder(13)
  clip.decoder(12)
  expect(clip.decoder(13).graph).toBe('decoder of 13')
  clip.exactDecoder?.(13)
  clip.exactDecoder?.(13)
  clip.networks(false)
  clip.networks(false)
  expect(predicted).toEqual([
    ...['decoder of 13', 'decoder of 12', 'float32 decoder of 13', 'encoder', 'both passes'],
  ])
})

test('a clip whose decoder is float32 has no other exact decoder', () => {
  expect(aClip({ isHalf: false }).clip.exactDecoder).toBeNull()
})
