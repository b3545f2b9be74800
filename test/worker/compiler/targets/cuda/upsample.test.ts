import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../../../../worker/compiler/graph/statistics.ts'
import { cudaTarget } from '../../../../../worker/compiler/targets/cuda/cuda.ts'
import type { Target } from '../../../../../worker/compiler/targets/target.ts'
import { expectClose } from '../../../../fixtures/close.ts'
import { convolve2d, repeatPixels } from '../../../../fixtures/plain-arithmetic.ts'
import { runGraph } from '../../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../../fixtures/stored-weights.ts'

const target: Target = cudaTarget('float32')
const CLOSE = { relativeToScale: 4e-6 }
const X = someTensor(1, [2, 8, 3, 5])

const record = async ([height, width]: readonly [number, number], out = 16, on = target) => {
  const given = { weight: someTensor(2, [out, 8, 3, 3]), bias: someTensor(3, [out]) }
  const w = await storedWeights(given)
  const g = createGraph('upsample')
  const x = on.imagesFromNchw(g, g.input('x', X.shape), 2)
  const bound = { weight: w.tensor('weight', given.weight.shape), bias: w.tensor('bias', [out]) }
  const y = on.upsampleConv2d(g, x, height, width, bound)
  expect(y).toMatchObject({ channels: out, height, width })
  g.output('y', on.imagesToNchw(g, y))
  const large = repeatPixels(X, height, width)
  return { g, expected: convolve2d(large, given.weight, given.bias, { stride: 1, padding: [1, 1, 1, 1] }) }
}

describe('upsampleConv2d to twice the size', () => {
  const half = cudaTarget('float16')

  test('runs two [2, 3] convolutions whose rows alternate, and makes no enlarged image', async () => {
    const { g } = await record([6, 10], 16, half)
    const convs = g.nodes.filter(({ op }) => op === 'NhwcConv')
    expect(convs.map(({ attributes }) => attributes)).toEqual([
      { kernel_shape: [2, 3], strides: [1, 1], pads: [1, 1, 0, 1] },
      { kernel_shape: [2, 3], strides: [1, 1], pads: [0, 1, 1, 1] },
    ])
    expect(convs.map(({ outputs }) => outputs[0]?.shape)).toEqual([
      [2, 3, 5, 32],
      [2, 3, 5, 32],
    ])
    expect(g.nodes.filter(({ op }) => op === 'Resize')).toEqual([])
  })

  test.each([
    ['float16', half, 2e-3],
    ['float32, where it enlarges and convolves like the reference', target, 4e-6],
  ])('equals the reference in %s', async (_, on, relativeToScale) => {
    const { g, expected } = await record([6, 10], 16, on)
    expectClose((await runGraph(g, { x: X }))['y']!, expected, { relativeToScale })
    const convs = g.nodes.filter(({ op }) => op === 'NhwcConv')
    // Only float16 has paddings that differ.
    expect(convs.some(({ attributes }) => `${attributes['pads']}` !== '1,1,1,1')).toBe(on === half)
  })

  test('takes two thirds of the FLOPs of the reference, and counts the others as avoided', async () => {
    const { g } = await record([6, 10], 16, half)
    const { flops, avoidedFlops } = statisticsOf(g)
    const avoided = Object.values(avoidedFlops).reduce((sum, each) => sum + each, 0)
    const reference = 2 * (2 * 16 * 6 * 10) * (8 * 9)
    expect(flops + avoided).toBe(reference)
    expect(flops).toBe((2 / 3) * reference)
  })
})

describe.each([
  ['one row below twice the height', [5, 10], 16],
  ['one column below twice the width', [6, 9], 16],
  ['one row and one column below twice the size', [5, 9], 16],
  ['of 12 channels, which are not a multiple of eight', [6, 10], 12],
] as const)('upsampleConv2d to an image %s', (_, size, out) => {
  test('enlarges and convolves like the reference', async () => {
    const { g, expected } = await record(size, out)
    expectClose((await runGraph(g, { x: X }))['y']!, expected, CLOSE)
    expect(g.nodes.filter(({ op }) => op === 'Resize' || op === 'NhwcConv')).toHaveLength(2)
    expect(statisticsOf(g).avoidedFlops).toEqual({})
  })
})
