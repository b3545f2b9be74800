import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../../worker/compiler/graph/graph.ts'
import { sumOf, totalOf, viewOfTotal } from '../../../../../worker/compiler/targets/cuda/sum.ts'
import type { Tensor } from '../../../../../worker/engine/tensor.ts'
import { runGraph } from '../../../../fixtures/run-graph.ts'
import { someHalves } from '../../../../fixtures/run-in-type.ts'

const PRODUCT = someHalves(1, [2, 3, 2, 8])
const BIAS = someHalves(2, [8])
const FULL = someHalves(3, [2, 3, 2, 8])
const SEQUENCES = someHalves(4, [2, 6, 8])
const REPEATED = someHalves(5, [1, 6, 8])

const opsOf = (g: Graph): readonly string[] => g.nodes.map(({ op }) => op).filter((op) => op !== 'Reshape')

/** The total of these addends, and the ops that make it. */
const totalOn = async (
  given: Readonly<Record<'product', Tensor> & Partial<Record<'bias' | 'residual', Tensor>>>,
) => {
  const g = createGraph('sum')
  const input = (name: keyof typeof given) =>
    given[name] === undefined ? null : g.input(name, given[name].shape)
  const sum = sumOf(g.input('product', given.product.shape), {
    bias: input('bias'),
    residual: input('residual'),
  })
  const total = totalOf(g, sum)
  expect(total.shape).toEqual(given.product.shape)
  const ops = opsOf(g)
  expect(totalOf(g, sum)).toBe(total)
  expect(opsOf(g)).toEqual(ops)
  g.output('y', total)
  const sizes = g.nodes.filter(({ op }) => op === 'Add').map(({ outputs }) => outputs[0]?.shape)
  return { ops, sizes, y: (await runGraph(g, given))['y']! }
}

const plus = (x: Tensor, addend: (index: number) => number): Tensor => ({
  data: x.data.map((value, i) => value + addend(i)),
  shape: x.shape,
})
const biasAt = (index: number): number => BIAS.data[index % 8]!

describe('a total', () => {
  test('of a product alone is the product', async () => {
    const g = createGraph('sum')
    const product = g.input('product', [2, 8])
    expect(totalOf(g, sumOf(product))).toBe(product)
    expect(g.nodes).toEqual([])
  })

  test('with a bias takes one Add', async () => {
    expect(await totalOn({ product: PRODUCT, bias: BIAS })).toMatchObject({
      ops: ['Add'],
      y: plus(PRODUCT, biasAt),
    })
  })

  test('with a residual takes one Add', async () => {
    expect(await totalOn({ product: PRODUCT, residual: FULL })).toMatchObject({
      ops: ['Add'],
      y: plus(PRODUCT, (i) => FULL.data[i]!),
    })
  })

  test('with a bias and a residual takes one BiasAdd, also for maps with four axes', async () => {
    const { ops, y } = await totalOn({ product: PRODUCT, bias: BIAS, residual: FULL })
    expect(ops).toEqual(['BiasAdd'])
    expect(y).toEqual(plus(plus(PRODUCT, biasAt), (i) => FULL.data[i]!))
  })

  test('adds the bias and a residual that every sequence shares first, because they are small', async () => {
    const { sizes, y } = await totalOn({ product: SEQUENCES, bias: BIAS, residual: REPEATED })
    expect(sizes).toEqual([REPEATED.shape, SEQUENCES.shape])
    const small = plus(REPEATED, biasAt)
    expect(y).toEqual(plus(SEQUENCES, (i) => small.data[i % 48]!))
  })

  test('is computed once for all shapes in which it is read', () => {
    const g = createGraph('sum')
    const sum = sumOf(g.input('product', [2, 6, 8]), { bias: g.input('bias', [8]) })
    const flat = viewOfTotal(g, sum, [12, 8])
    const map = viewOfTotal(g, sum, [2, 3, 2, 8])
    expect([flat.shape, map.shape, opsOf(g)]).toEqual([[12, 8], [2, 3, 2, 8], ['Add']])
  })
})
