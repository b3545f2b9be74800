import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../worker/compiler/graph/graph.ts'
import { silu } from '../../../worker/compiler/ops/elementwise.ts'
import { openWeights } from '../../../worker/compiler/weights/weights.ts'
import { chooseMemoryPlan } from '../../../worker/engine/memory-mode.ts'

/** A network of that many weights, stored in half precision, and that many bytes of activations at its peak. */
const aNetwork = ({ weights, activationBytes }: { weights: number; activationBytes: number }): Graph => {
  const g = createGraph('network')
  g.weight(openWeights('unet', null).root.tensor('weight', [weights]))
  g.output('y', silu(g, g.input('x', [activationBytes / 8])))
  return g
}

/* As float32: 400 and 200 bytes of weights, 800 and 80 of activations. */
const GRAPHS = [
  aNetwork({ weights: 100, activationBytes: 800 }),
  aNetwork({ weights: 50, activationBytes: 80 }),
]
const ALL_AT_ONCE = 400 + 200 + 800 + 80
const LARGEST = 400 + 800

const plan = (availableBytes: number, keepWarm = true) =>
  chooseMemoryPlan(GRAPHS, { availableBytes, keepWarm })

describe('auto', () => {
  test('keeps every network while all weights and activations take half of the memory', () => {
    expect(plan(2 * ALL_AT_ONCE)).toBe('resident')
    expect(plan(2 * ALL_AT_ONCE - 2)).toBe('offload')
  })

  test('keeps one network at a time while the largest takes four fifths', () => {
    expect(plan(LARGEST / 0.8 + 1)).toBe('offload')
    expect(plan(LARGEST / 0.8 - 1)).toBe('low-vram')
  })

  test('keeps nothing warm for a single clip', () => {
    expect(plan(100 * ALL_AT_ONCE, false)).toBe('offload')
  })
})
