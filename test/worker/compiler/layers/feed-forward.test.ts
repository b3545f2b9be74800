import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../../../worker/compiler/graph/statistics.ts'
import { feedForward } from '../../../../worker/compiler/layers/feed-forward.ts'
import { cpuTarget } from '../../../../worker/compiler/targets/cpu.ts'
import type { Target } from '../../../../worker/compiler/targets/target.ts'
import { openWeights } from '../../../../worker/compiler/weights/weights.ts'

const CHANNELS = 32

/** A feed-forward on `rows` tokens of 32 channels, without weights to run it with. */
const recordOn = (rows: number, { chunks = 1, target = cpuTarget as Target } = {}) => {
  const g = createGraph('ff')
  const apply = feedForward({ g, target, w: openWeights('unet', null).root }, { channels: CHANNELS, chunks })
  g.output('y', apply(g.input('x', [rows, CHANNELS])))
  return g
}

const pieceRows = (g: ReturnType<typeof createGraph>): readonly number[] => {
  const concat = g.nodes.find(({ op }) => op === 'Concat')
  return concat === undefined ? [] : concat.inputs.map((value) => value?.shape[0] ?? 0)
}

describe('a feed-forward', () => {
  test('takes few rows at once', () => {
    expect(pieceRows(recordOn(100))).toEqual([])
  })

  test('takes them in as many pieces as asked for, alike to one row', () => {
    expect(pieceRows(recordOn(100, { chunks: 3 }))).toEqual([33, 34, 33])
  })

  test('has no more pieces than rows', () => {
    expect(pieceRows(recordOn(2, { chunks: 5 }))).toEqual([1, 1])
  })

  test('keeps its hidden layer within what the target likes', () => {
    const target: Target = { ...cpuTarget, feedForwardPieceBytes: 50 * 4 * CHANNELS * 4 }
    expect(pieceRows(recordOn(100, { target }))).toEqual([50, 50])
    expect(pieceRows(recordOn(101, { target }))).toEqual([34, 33, 34])
  })

  test('has at most eight pieces unless more are asked for', () => {
    const target: Target = { ...cpuTarget, feedForwardPieceBytes: 1 }
    expect(pieceRows(recordOn(100, { target }))).toHaveLength(8)
    expect(pieceRows(recordOn(100, { target, chunks: 20 }))).toHaveLength(20)
  })

  test('does the same work in pieces, with less memory', () => {
    const [whole, cut] = [recordOn(4096), recordOn(4096, { chunks: 8 })].map(statisticsOf)
    expect(cut!.flops).toBe(whole!.flops)
    expect(cut!.peakActivationBytes).toBeLessThan(whole!.peakActivationBytes / 2)
  })
})
