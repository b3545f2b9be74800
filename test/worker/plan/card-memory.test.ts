import { expect, test } from 'vitest'
import type { FittingPlan } from '../../../worker/engine/memory/plan-clip-memory.ts'
import { fitCard } from '../../../worker/plan/card-memory.ts'

const GIB = 2 ** 30

const aPlan = (change: Partial<FittingPlan>): FittingPlan => ({
  ...{ fits: true, memory: 'resident', decodeChunk: 25, exact: null, graphs: [] },
  ...{ needBytes: GIB, availableBytes: GIB },
  ...change,
})

test('a card gets the way that the planner chose for its memory', () => {
  const planOn = (cardBytes: number) => aPlan({ memory: 'offload', needBytes: cardBytes / 2 })
  expect(fitCard(planOn, 25, 24 * 1024)).toEqual({ way: 'offload', bytes: 12 * GIB, decodeChunk: null })
})

test('a chunk smaller than was asked for is named', () => {
  const planOn = () => aPlan({ memory: 'low-vram', decodeChunk: 6 })
  expect(fitCard(planOn, 25, 1024)).toEqual({ way: 'smaller-chunk', bytes: GIB, decodeChunk: 6 })
  expect(fitCard(planOn, 6, 1024)).toEqual({ way: 'low-vram', bytes: GIB, decodeChunk: null })
})

test('a card that is too small is told with what the most sparing way takes', () => {
  const planOn = () => ({
    ...({ fits: false, graph: 'denoise_step', needBytes: 6 * GIB, availableBytes: GIB } as const),
    ...{ nearest: null, instanceType: null },
  })
  expect(fitCard(planOn, 25, 1024)).toEqual({ way: 'none', bytes: 6 * GIB, decodeChunk: null })
})
