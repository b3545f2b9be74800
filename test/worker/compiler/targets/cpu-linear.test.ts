import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../../../worker/compiler/graph/statistics.ts'
import {
  FEED_FORWARD_PIECE_BYTES,
  feedForwardInPieces,
} from '../../../../worker/compiler/targets/cpu-linear.ts'

const CHANNELS = 32
const HIDDEN = 4 * CHANNELS

const weight = (key: string, shape: readonly number[]) =>
  ({ key, dtype: 'float32', shape, offsetBytes: 0, stored: null }) as const

/** A feed-forward on `rows` tokens of 32 channels, without weights to run it with. */
const recordOn = (rows: number, { chunks = 1, pieceBytes = FEED_FORWARD_PIECE_BYTES } = {}): Graph => {
  const g = createGraph('ff')
  const layers = {
    proj: { weight: weight('proj', [2 * HIDDEN, CHANNELS]), bias: weight('proj.bias', [2 * HIDDEN]) },
    out: { weight: weight('out', [CHANNELS, HIDDEN]), bias: weight('out.bias', [CHANNELS]) },
  }
  g.output('y', feedForwardInPieces(g, g.input('x', [rows, CHANNELS]), { ...layers, chunks }, pieceBytes))
  return g
}

const pieceRows = (g: Graph): readonly number[] => {
  const concat = g.nodes.find(({ op }) => op === 'Concat')
  return concat === undefined ? [] : concat.inputs.map((value) => value?.shape[0] ?? 0)
}

describe('a feed-forward on the CPU', () => {
  test('computes few rows in one chunk', () => {
    expect(pieceRows(recordOn(100))).toEqual([])
  })

  test('has as many chunks as requested, whose rows differ by at most one', () => {
    expect(pieceRows(recordOn(100, { chunks: 3 }))).toEqual([33, 34, 33])
  })

  test('has no more chunks than rows', () => {
    expect(pieceRows(recordOn(2, { chunks: 5 }))).toEqual([1, 1])
  })

  test('keeps its hidden layer within the size of a chunk', () => {
    const pieceBytes = 50 * 4 * HIDDEN
    expect(pieceRows(recordOn(100, { pieceBytes }))).toEqual([50, 50])
    expect(pieceRows(recordOn(101, { pieceBytes }))).toEqual([34, 33, 34])
  })

  test('has at most eight chunks unless more are requested', () => {
    expect(pieceRows(recordOn(100, { pieceBytes: 1 }))).toHaveLength(8)
    expect(pieceRows(recordOn(100, { pieceBytes: 1, chunks: 20 }))).toHaveLength(20)
  })

  test('has the same FLOPs and less than half the peak memory in eight chunks', () => {
    const [whole, cut] = [recordOn(4096), recordOn(4096, { chunks: 8 })].map(statisticsOf)
    expect(cut!.flops).toBe(whole!.flops)
    expect(cut!.peakActivationBytes).toBeLessThan(whole!.peakActivationBytes / 2)
  })
})
