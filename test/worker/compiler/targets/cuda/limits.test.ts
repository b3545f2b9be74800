import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../../worker/compiler/graph/graph.ts'
import { multiHeadAttention } from '../../../../../worker/compiler/ops/attention.ts'
import { silu } from '../../../../../worker/compiler/ops/elementwise.ts'
import { cudaTarget } from '../../../../../worker/compiler/targets/cuda/cuda.ts'
import {
  cudaLimitFaults,
  MAX_ELEMENTS,
  piecesWithin,
} from '../../../../../worker/compiler/targets/cuda/limits.ts'
import type { Images, Target } from '../../../../../worker/compiler/targets/target.ts'
import { openWeights } from '../../../../../worker/compiler/weights/weights.ts'

const target: Target = cudaTarget('float16')
const opCount = (g: Graph, op: string): number => g.nodes.filter((node) => node.op === op).length

describe('piecesWithin', () => {
  test.each([
    [10, 10, 1],
    [11, 10, 2],
    [20, 10, 2],
    [21, 10, 3],
    [5, 1, 5],
    [5, 0, 5],
  ])('splits %i elements, at most %i in a chunk, into %i chunk(s)', (total, most, count) => {
    expect(piecesWithin(total, most)).toBe(count)
  })
})

describe('cudaLimitFaults', () => {
  test('names a tensor of 2^31 elements with its shape, and accepts one with fewer', () => {
    const g = createGraph('large')
    silu(g, g.input('fits', [MAX_ELEMENTS]))
    expect(cudaLimitFaults(g)).toEqual([])
    const large = g.input('large', [2, 32_768, 32_768])
    g.within('block.0', () => silu(g, large))
    const rule = 'has [2,32768,32768]; a tensor must have less than 2^31 elements'
    expect(cudaLimitFaults(g)).toEqual([
      { node: 'block.0/QuickGelu', rule: `large ${rule}` },
      { node: 'block.0/QuickGelu', rule: `block.0/QuickGelu ${rule}` },
    ])
  })

  test.each([
    [65_535, 1, []],
    [65_536, 1, ['has 65536 sequences; at most 65535 fit']],
    [1, 1024, []],
    [1, 1025, ['has 1025 heads; at most 1024 fit']],
    [65_536, 1025, ['has 65536 sequences; at most 65535 fit', 'has 1025 heads; at most 1024 fit']],
  ])('names an attention with too many sequences or heads: %i sequences, %i heads', (batch, heads, rules) => {
    const g = createGraph('attention')
    const q = g.input('q', [batch, 2, heads], 'float16')
    multiHeadAttention(g, q, q, q, heads)
    expect(cudaLimitFaults(g)).toEqual(rules.map((rule) => ({ node: 'MultiHeadAttention', rule })))
  })
})

describe('the CUDA target', () => {
  /** Two passes of 25 frames at 1536 × 1536 pixels. */
  const [clips, frames, side] = [2, 25, 192]
  const tokensOf = (g: Graph, channels: number) => {
    const rows = clips * frames
    return target.tokensFromMatrix(g, g.input('x', [rows * side * side, channels]), rows)
  }

  test('runs a feed-forward in the fewest chunks that stay within the limits', () => {
    const g = createGraph('feed_forward')
    const w = openWeights('unet', null).root
    const x = tokensOf(g, 320)
    const layer = (name: string, out: number, into: number) => ({
      weight: w.tensor(`${name}.weight`, [out, into]),
      bias: w.tensor(`${name}.bias`, [out]),
    })
    const layers = { proj: layer('proj', 2560, 320), out: layer('out', 320, 1280) }
    target.tokensToMatrix(g, target.feedForward(g, x, { ...layers, chunks: 1, residual: x }))
    expect(cudaLimitFaults(g)).toEqual([])
    // 50·192² tokens of 2560 numbers are 2.2 times 2^31.
    expect(opCount(g, 'BiasSplitGelu')).toBe(3)
  })

  test('runs a feed-forward in more chunks if the caller requests them', () => {
    const g = createGraph('feed_forward')
    const w = openWeights('unet', null).root
    const x = target.tokensFromMatrix(g, g.input('x', [100, 320]), 1)
    const layer = (name: string, out: number, into: number) => ({
      weight: w.tensor(`${name}.weight`, [out, into]),
      bias: w.tensor(`${name}.bias`, [out]),
    })
    const layers = { proj: layer('proj', 2560, 320), out: layer('out', 320, 1280) }
    target.feedForward(g, x, { ...layers, chunks: 7, residual: x })
    expect(opCount(g, 'BiasSplitGelu')).toBe(7)
  })

  test('splits temporal attention, whose sequences are the pixels of both passes', () => {
    const g = createGraph('attention')
    const w = openWeights('unet', null).root
    const projection = (name: string) => ({ weight: w.tensor(name, [320, 320]), bias: null })
    const temporal = target.toTemporalTokens(g, tokensOf(g, 320), frames)
    expect(temporal.rows).toBe(clips * side * side)
    const layers = { toQ: projection('q'), toK: projection('k'), toV: projection('v') }
    target.selfAttention(g, temporal, { ...layers, heads: 5 })
    expect(cudaLimitFaults(g)).toEqual([])
    expect(opCount(g, 'MultiHeadAttention')).toBe(2)
  })

  test.each([
    [14, [14]],
    [15, [8, 7]],
    [25, [13, 12]],
  ])(
    'splits the maps of the decoder, 256 channels at 576 × 1024, for %i frames into chunks of %j',
    (count, pieces) => {
      const g = createGraph('decoder')
      const numbersPerImage = 256 * 576 * 1024
      const x = target.imagesFromNchw(g, g.input('x', [count, 8, 2, 2]), count)
      const seen: number[] = []
      const layers = (piece: Images): Images => {
        seen.push(piece.clips * piece.frames)
        return piece
      }
      const y = target.inImagePieces(g, x, numbersPerImage, layers)
      expect(y).toMatchObject({ clips: 1, frames: count, channels: 8, height: 2, width: 2 })
      expect(seen.toSorted()).toEqual(pieces.toSorted())
      for (const images of seen) expect(images * numbersPerImage).toBeLessThanOrEqual(MAX_ELEMENTS)
    },
  )

  test('makes each image a chunk if one image alone exceeds the limits', () => {
    const g = createGraph('decoder')
    const x = target.imagesFromNchw(g, g.input('x', [3, 8, 2, 2]), 3)
    const seen: number[] = []
    target.inImagePieces(g, x, 2 ** 31, (piece) => {
      seen.push(piece.frames)
      return piece
    })
    expect(seen).toEqual([1, 1, 1])
  })
})
