import { describe, expect, test } from 'vitest'
import { createGraph, type Graph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import type { Value } from '../../../../worker/compiler/graph/value.ts'
import {
  add,
  biasGelu,
  broadcastShapes,
  cast,
  cos,
  div,
  gelu,
  isInf,
  isNan,
  mul,
  quickGelu,
  roundToUint8,
  sigmoid,
  silu,
  sin,
  softmax,
  sqrt,
  sub,
  where,
} from '../../../../worker/compiler/ops/elementwise.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { normalCdf } from '../../../fixtures/plain-arithmetic.ts'
import { runGraph, runMixedGraph, tensorOf } from '../../../fixtures/run-graph.ts'

describe('broadcastShapes', () => {
  test.each([
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3], [2, 3]],
    [
      [4, 1, 3],
      [2, 1],
      [4, 2, 3],
    ],
    [[1], [5, 6], [5, 6]],
    [[], [2], [2]],
  ])('of %j and %j gives %j', (a, b, expected) => {
    expect(broadcastShapes(a, b)).toEqual(expected)
    expect(broadcastShapes(b, a)).toEqual(expected)
  })

  test.each([
    [[2, 3], [2]],
    [
      [4, 2, 3],
      [4, 1, 1, 2],
    ],
    [[4], [3]],
    [
      [2, 5],
      [4, 1],
    ],
  ])('refuses %j with %j', (a, b) => {
    expect(() => broadcastShapes(a, b)).toThrow(
      new GraphError(`shapes [${a}] and [${b}] cannot be broadcast`),
    )
  })
})

describe('an op of two values', () => {
  test.each([
    ['add', add, (a: number, b: number) => a + b],
    ['sub', sub, (a: number, b: number) => a - b],
    ['mul', mul, (a: number, b: number) => a * b],
    ['div', div, (a: number, b: number) => a / b],
  ])('computes %s', async (_, op, plain) => {
    const [a, b] = [
      [1, -2, 3, 8, 0.5, -6],
      [4, -0.25, 2],
    ] as const
    const g = createGraph('binary')
    const y = op(g, g.input('a', [2, 3]), g.input('b', [3]))
    g.output('y', y)
    expect(y.shape).toEqual([2, 3])
    const expected = a.map((value, index) => plain(value, b[index % 3]!))
    const results = await runGraph(g, { a: tensorOf(a, [2, 3]), b: tensorOf(b) })
    expect(results['y']).toEqual(tensorOf(expected, [2, 3]))
  })

  test('refuses values of different types', () => {
    const g = createGraph('binary')
    expect(() => mul(g, g.input('a', [2]), g.input('b', [2], 'float16'))).toThrow(
      new GraphError('Mul needs inputs of one type: a is float32, b is float16'),
    )
  })
})

const POINTS = [-9, -3, -1.702, -1, -0.5, -1e-3, 0.25, 1, 2.5, 6] as const
const logistic = (x: number): number => 1 / (1 + Math.exp(-x))

describe('an op of one value', () => {
  test.each<[string, (g: Graph, x: Value) => Value, (x: number) => number]>([
    ['sin', sin, Math.sin],
    ['cos', cos, Math.cos],
    ['sigmoid', sigmoid, logistic],
    ['sqrt', (g, x) => sqrt(g, mul(g, x, x)), Math.abs],
    ['gelu with erf', gelu, (x) => x * normalCdf(x)],
    ['silu', silu, (x) => x * logistic(x)],
    ["CLIP's quick gelu", (g, x) => quickGelu(g, x, 1.702), (x) => x * logistic(1.702 * x)],
  ])('computes %s', async (_, op, plain) => {
    const g = createGraph('unary')
    const y = op(g, g.input('x', [5, 2]))
    g.output('y', y)
    const actual = (await runGraph(g, { x: tensorOf(POINTS, [5, 2]) }))['y']!
    for (const [index, x] of POINTS.entries()) {
      const expected = plain(Math.fround(x))
      const one = { data: [actual.data[index]!], shape: [1] }
      expectClose(one, { data: [expected], shape: [1] }, { absolute: 1e-6 + 1e-6 * Math.abs(expected) })
    }
    expect(actual.shape).toEqual([5, 2])
  })
})

test('biasGelu adds the bias of each column before the GELU', async () => {
  const bias = [0.5, -1]
  const g = createGraph('gelu')
  g.output('y', biasGelu(g, g.input('x', [5, 2]), g.input('bias', [2])))
  const data = POINTS.map((x, i) => x + bias[i % 2]!).map((x) => x * normalCdf(x))
  const { y } = await runGraph(g, { x: tensorOf(POINTS, [5, 2]), bias: tensorOf(bias) })
  expectClose(y!, { data, shape: [5, 2] }, { absolute: 2e-6 })
})

test('softmax normalizes every row', async () => {
  const g = createGraph('softmax')
  g.output('y', softmax(g, g.input('x', [2, 2])))
  const { y } = await runGraph(g, { x: tensorOf([0, Math.log(3), 5, 5], [2, 2]) })
  expectClose(y!, { data: [0.25, 0.75, 0.5, 0.5], shape: [2, 2] }, { absolute: 1e-7 })
})

const { NaN: nan, POSITIVE_INFINITY: infinity, MAX_VALUE: tooLarge } = Number

describe('an op that finds non-finite numbers', () => {
  test.each([
    ['NaN', isNan, [1, 0, 0, 0, 0]],
    ['infinity of either sign', isInf, [0, 1, 1, 1, 0]],
  ])('marks %s', async (_, op, expected) => {
    const g = createGraph('test')
    const marks = op(g, g.input('x', [5]))
    expect(marks).toMatchObject({ dtype: 'bool', shape: [5] })
    g.output('y', cast(g, marks, 'float32'))
    // Beyond float32's range, so infinite once stored.
    const { y } = await runGraph(g, { x: tensorOf([nan, infinity, -infinity, tooLarge, 3e38]) })
    expect(y).toEqual(tensorOf(expected))
  })
})

describe('where', () => {
  test('selects one of two values for each element', async () => {
    const g = createGraph('where')
    const x = g.input('x', [2, 2])
    const y = where(g, isNan(g, x), g.input('other', [2]), x)
    expect(y).toMatchObject({ dtype: 'float32', shape: [2, 2] })
    g.output('y', y)
    const results = await runGraph(g, { x: tensorOf([nan, 1, 2, nan], [2, 2]), other: tensorOf([8, 9]) })
    expect(results['y']).toEqual(tensorOf([8, 1, 2, 9], [2, 2]))
  })

  test('refuses a condition that is not bool, and values of different types', () => {
    const g = createGraph('where')
    const [x, half, marks] = [
      g.input('x', [2]),
      g.input('half', [2], 'float16'),
      g.input('marks', [2], 'bool'),
    ]
    expect(() => where(g, x, x, x)).toThrow(
      new GraphError('Where of float32 (x), float32 (x) and float32 (x)'),
    )
    expect(() => where(g, marks, x, half)).toThrow(
      new GraphError('Where of bool (marks), float32 (x) and float16 (half)'),
    )
  })
})

test('roundToUint8 rounds halves to even and clamps values to 0 and 255', async () => {
  const g = createGraph('bytes')
  const y = roundToUint8(g, g.input('x', [4, 3]))
  expect(y).toMatchObject({ dtype: 'uint8', shape: [4, 3] })
  g.output('y', y)
  const x = [-infinity, -7, -0.5, 0.5, 1.5, 2.5, 2.500001, 254.5, 255.5, 256, 3e38, infinity]
  const results = await runMixedGraph(g, { x: tensorOf(x, [4, 3]) })
  expect(results['y']).toEqual({
    data: Uint8Array.of(0, 0, 0, 0, 2, 2, 3, 254, 255, 255, 255, 255),
    shape: [4, 3],
  })
})

describe('cast', () => {
  test('states the target type by its number in ONNX', () => {
    const g = createGraph('cast')
    const y = cast(g, g.input('x', [2], 'float16'), 'float32')
    expect(y).toMatchObject({ dtype: 'float32', shape: [2] })
    expect(g.nodes[0]).toMatchObject({ op: 'Cast', attributes: { to: 1 } })
  })

  test('records no node if the type stays the same', () => {
    const g = createGraph('cast')
    const x = g.input('x', [2])
    expect(cast(g, x, 'float32')).toBe(x)
    expect(g.nodes).toEqual([])
  })
})
