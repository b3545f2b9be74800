import { describe, expect, test } from 'vitest'
import { createGraph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import { biasAdd, biasSplitGelu, hasBiasSplitGeluKernel } from '../../../../worker/compiler/ops/bias.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { normalCdf } from '../../../fixtures/plain-arithmetic.ts'
import { IN_TYPES, runInType, someHalves, toHalf } from '../../../fixtures/run-in-type.ts'

const WIDTHS = [2560, 5120, 6144, 10_240, 12_288]

describe.each(IN_TYPES)('in $dtype', ({ dtype, close }) => {
  test.each(WIDTHS)(
    'BiasSplitGelu of width %i returns the left half times the GELU of the right half',
    async (width) => {
      const half = width / 2
      const given = { x: someHalves(1, [2, 2, width], 3), bias: someHalves(2, [width]) }
      const { y } = await runInType(dtype, given, (g, { x, bias }) => ({ y: biasSplitGelu(g, x, bias) }))
      const rounded = dtype === 'float16' ? toHalf : Math.fround
      const data = Float32Array.from({ length: 4 * half }, (_, i) => {
        const [token, at] = [Math.floor(i / half), i % half]
        const sum = (from: number) => rounded(given.x.data[token * width + from]! + given.bias.data[from]!)
        const gate = sum(half + at)
        return sum(at) * gate * normalCdf(gate)
      })
      expectClose(y, { data, shape: [2, 2, half] }, close)
    },
  )

  test('BiasAdd adds the bias of each channel and the skip of each element', async () => {
    const given = { x: someHalves(3, [2, 3, 40]), bias: someHalves(4, [40]), skip: someHalves(5, [2, 3, 40]) }
    const { y } = await runInType(dtype, given, (g, { x, bias, skip }) => ({ y: biasAdd(g, x, bias, skip) }))
    const rounded = dtype === 'float16' ? toHalf : Math.fround
    const data = given.x.data.map((x, i) =>
      rounded(rounded(x + given.bias.data[i % 40]!) + given.skip.data[i]!),
    )
    expect(y).toEqual({ data, shape: [2, 3, 40] })
  })
})

describe('BiasSplitGelu', () => {
  test.each([2559, 2561, 2562, 1280, 4096, 7680, 12_287, 12_290, 24_576])(
    'has no kernel for width %i, and is refused',
    (width) => {
      expect(hasBiasSplitGeluKernel(width)).toBe(false)
      const g = createGraph('bias')
      expect(() => biasSplitGelu(g, g.input('x', [1, 2, width]), g.input('bias', [width]))).toThrow(
        new GraphError(`BiasSplitGelu of x float32[1,2,${width}] with float32[${width}]`),
      )
    },
  )

  test.each(WIDTHS)('has a kernel for width %i, and returns half the width', (width) => {
    expect(hasBiasSplitGeluKernel(width)).toBe(true)
    const g = createGraph('bias')
    const y = biasSplitGelu(g, g.input('x', [3, 2, width], 'float16'), g.input('bias', [width], 'float16'))
    expect(y).toMatchObject({ shape: [3, 2, width / 2], dtype: 'float16' })
    expect(g.nodes).toMatchObject([{ op: 'BiasSplitGelu', domain: 'com.microsoft', flops: 0 }])
  })

  test.each([
    ['a bias of half the width', [1, 2, 2560], [1280]],
    ['an input of two axes', [2, 2560], [2560]],
  ])('refuses %s', (_, shape, bias) => {
    const g = createGraph('bias')
    expect(() => biasSplitGelu(g, g.input('x', shape), g.input('bias', bias))).toThrow(
      new GraphError(`BiasSplitGelu of x float32[${shape}] with float32[${bias}]`),
    )
  })
})

describe('BiasAdd', () => {
  test('returns the shape of x', () => {
    const g = createGraph('bias')
    const x = g.input('x', [2, 3, 40], 'float16')
    const y = biasAdd(g, x, g.input('bias', [40], 'float16'), x)
    expect(y).toMatchObject({ shape: [2, 3, 40], dtype: 'float16' })
    expect(g.nodes).toMatchObject([{ op: 'BiasAdd', domain: 'com.microsoft', flops: 0 }])
  })

  test.each([
    ['a skip that would have to be broadcast', [2, 3, 40], [40], [1, 3, 40]],
    ['a bias for another number of channels', [2, 3, 40], [39], [2, 3, 40]],
    ['an input of four axes', [2, 3, 40, 5], [40], [2, 3, 40, 5]],
  ])('refuses %s', (_, x, bias, skip) => {
    const g = createGraph('bias')
    const [b, s] = [g.input('bias', bias), g.input('skip', skip)]
    expect(() => biasAdd(g, g.input('x', x), b, s)).toThrow(
      new GraphError(`BiasAdd of x float32[${x}] with float32[${bias}], float32[${skip}]`),
    )
  })
})
