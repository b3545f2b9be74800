import { expect, test } from 'vitest'
import { formatMemoryFit } from '../../../worker/cli/graphs/memory-fit-text.ts'
import type { FittingPlan } from '../../../worker/engine/memory/plan-clip-memory.ts'
import { fitCard } from '../../../worker/plan/card-memory.ts'

const GIB = 2 ** 30

const aPlan = (change: Partial<FittingPlan>): FittingPlan => ({
  ...{ fits: true, memory: 'resident', decodeChunk: 25, exact: null, graphs: [] },
  ...{ needBytes: GIB, availableBytes: GIB, host: null },
  ...change,
})

test('fitCard returns the mode that the planner chose for the memory of the GPU', () => {
  const planOn = (cardBytes: number) => aPlan({ memory: 'offload', needBytes: cardBytes / 2 })
  expect(fitCard(planOn, 25, 24 * 1024)).toEqual({
    way: 'offload',
    bytes: 12 * GIB,
    decodeChunk: null,
    host: null,
  })
})

test('fitCard returns the decode chunk if it is smaller than requested', () => {
  const planOn = () => aPlan({ memory: 'low-vram', decodeChunk: 6 })
  expect(fitCard(planOn, 25, 1024)).toEqual({ way: 'smaller-chunk', bytes: GIB, decodeChunk: 6, host: null })
  expect(fitCard(planOn, 6, 1024)).toEqual({ way: 'low-vram', bytes: GIB, decodeChunk: null, host: null })
})

test('fitCard returns the need of the smallest mode if the GPU is too small', () => {
  const planOn = () => ({
    ...({
      fits: false,
      of: 'device',
      graph: 'denoise_step',
      needBytes: 6 * GIB,
      availableBytes: GIB,
      usedByOthersBytes: 0,
      totalBytes: GIB,
      fitsTotal: false,
    } as const),
    ...{ nearest: null, instanceType: null },
  })
  expect(fitCard(planOn, 25, 1024)).toEqual({ way: 'none', bytes: 6 * GIB, decodeChunk: null, host: null })
})

test('fitCard returns the need of host memory if the host is too small', () => {
  const planOn = () => ({
    ...({ fits: false, of: 'host', graph: 'denoise_step', needBytes: 3 * GIB, availableBytes: GIB } as const),
    ...{ usedByOthersBytes: 0, totalBytes: GIB, fitsTotal: false },
    ...{ nearest: null, instanceType: null },
  })
  const fit = fitCard(planOn, 25, 1024, GIB)
  expect(fit).toEqual({
    ...{ way: 'host-too-small', bytes: 3 * GIB, decodeChunk: null },
    host: { needBytes: 3 * GIB, availableBytes: GIB },
  })
  expect(formatMemoryFit(fit, 1024)).toBe('host too small (3.22 GB of 1.07 GB)')
})
