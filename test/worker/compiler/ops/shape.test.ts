import { describe, expect, test } from 'vitest'
import { createGraph, type Graph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import type { Value } from '../../../../worker/compiler/graph/value.ts'
import {
  concat,
  expand,
  filled,
  reduce,
  reshape,
  resizeNearest,
  slice,
  split,
  splitSizes,
  transpose,
} from '../../../../worker/compiler/ops/shape.ts'
import { runGraph, tensorOf } from '../../../fixtures/run-graph.ts'

const countTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

/** Runs `record` on 0, 1, 2, … in this shape. The recorded shape must equal the one that runs. */
const runOn = async (shape: readonly number[], record: (g: Graph, x: Value) => Value) => {
  const g = createGraph('shape')
  const y = record(g, g.input('x', shape))
  g.output('y', y)
  const count = shape.reduce((product, size) => product * size, 1)
  const result = (await runGraph(g, { x: tensorOf(countTo(count), shape) }))['y']!
  expect(y.shape).toEqual(result.shape)
  return { numbers: [...result.data], shape: result.shape, ops: g.nodes.map(({ op }) => op) }
}

const refused = (shape: readonly number[], record: (g: Graph, x: Value) => unknown): string => {
  const g = createGraph('shape')
  try {
    record(g, g.input('x', shape))
  } catch (error) {
    if (error instanceof GraphError) return error.message
    throw error
  }
  return 'nothing was refused'
}

describe('reshape', () => {
  test('keeps the elements in order', async () => {
    expect(await runOn([2, 3], (g, x) => reshape(g, x, [3, 1, 2]))).toMatchObject({
      numbers: countTo(6),
      shape: [3, 1, 2],
    })
  })

  test('records no node if the shape stays the same', async () => {
    expect((await runOn([2, 3], (g, x) => reshape(g, x, [2, 3]))).ops).toEqual(['Identity'])
  })

  test('refuses another number of elements', () => {
    expect(refused([2, 3], (g, x) => reshape(g, x, [7]))).toBe('Reshape of x float32[2,3] to [7]')
  })
})

describe('transpose', () => {
  test('moves axes', async () => {
    expect(await runOn([2, 3], (g, x) => transpose(g, x, [1, 0]))).toMatchObject({
      numbers: [0, 3, 1, 4, 2, 5],
      shape: [3, 2],
    })
  })

  test('records a Reshape if only axes of size one move', async () => {
    expect(await runOn([1, 3, 2], (g, x) => transpose(g, x, [1, 0, 2]))).toEqual({
      numbers: countTo(6),
      shape: [3, 1, 2],
      ops: ['Reshape', 'Identity'],
    })
  })

  test('refuses an axis that does not exist', () => {
    expect(refused([2, 3], (g, x) => transpose(g, x, [1, 2]))).toMatch(/\[2,3\].*\[3,NaN\]/)
  })
})

describe('concat', () => {
  test('joins values along one axis', async () => {
    expect(await runOn([2, 2], (g, x) => concat(g, [x, slice(g, x, 1, 0, 1)], 1))).toMatchObject({
      numbers: [0, 1, 0, 2, 3, 2],
      shape: [2, 3],
    })
  })

  test('returns a single value unchanged', () => {
    const g = createGraph('concat')
    const x = g.input('x', [2])
    expect(concat(g, [x], 0)).toBe(x)
  })

  test('refuses different sizes along the other axes, different types, and an empty list', () => {
    const join = (g: Graph, x: Value, other: Value) => concat(g, [x, other], 1)
    expect(refused([2, 3], (g, x) => join(g, x, g.input('other', [3, 3])))).toBe(
      'Concat of x float32[2,3] and other float32[3,3]',
    )
    expect(refused([2, 3], (g, x) => join(g, x, g.input('other', [2, 3], 'float16')))).toBe(
      'Concat of x float32[2,3] and other float16[2,3]',
    )
    expect(refused([2], (g) => concat(g, [], 0))).toBe('Concat of nothing')
  })
})

describe('slice and split', () => {
  test('take parts of an axis', async () => {
    expect(await runOn([2, 4], (g, x) => slice(g, x, 1, 1, 3))).toMatchObject({
      numbers: [1, 2, 5, 6],
      shape: [2, 2],
    })
    expect(await runOn([2, 4], (g, x) => split(g, x, 1, 2)[1]!)).toMatchObject({
      numbers: [2, 3, 6, 7],
      shape: [2, 2],
    })
  })

  test('record no node for a whole axis', async () => {
    expect((await runOn([2, 4], (g, x) => slice(g, x, 1, 0, 4))).ops).toEqual(['Identity'])
  })

  test.each([
    [-1, 2],
    [2, 2],
    [1, 5],
  ])('refuse the range from %i to %i of four elements', (from, to) => {
    expect(refused([2, 4], (g, x) => slice(g, x, 1, from, to))).toBe(
      `Slice ${from}..${to} of axis 1 of x float32[2,4]`,
    )
  })

  test('refuse parts of different sizes', () => {
    expect(refused([2, 4], (g, x) => split(g, x, 1, 3))).toMatch(
      /^shape: Split\(float32\[2,4\]\) would give \[2,1\.3/,
    )
  })
})

describe('splitSizes', () => {
  test.each([
    [0, [0, 1, 4, 5]],
    [1, [2, 3, 6, 7]],
  ])('returns part %i of two equal parts', async (part, numbers) => {
    expect(await runOn([2, 4], (g, x) => splitSizes(g, x, 1, [2, 2])[part]!)).toMatchObject({
      numbers,
      shape: [2, 2],
    })
  })

  test.each([
    [0, [0, 4], [2, 1]],
    [1, [1, 2, 5, 6], [2, 2]],
    [2, [3, 7], [2, 1]],
  ])('returns part %i of three parts with different sizes', async (part, numbers, shape) => {
    expect(await runOn([2, 4], (g, x) => splitSizes(g, x, 1, [1, 2, 1])[part]!)).toMatchObject({
      numbers,
      shape,
    })
  })

  test('splits along the first axis', async () => {
    expect(await runOn([3, 2], (g, x) => splitSizes(g, x, 0, [1, 2])[1]!)).toMatchObject({
      numbers: [2, 3, 4, 5],
      shape: [2, 2],
    })
  })

  test('returns a single part unchanged and records no node', () => {
    const g = createGraph('split')
    const x = g.input('x', [2, 4])
    expect(splitSizes(g, x, 1, [4])).toEqual([x])
    expect(g.nodes).toEqual([])
  })

  test.each([[[1, 2]], [[2, 3]], [[]]])('refuses sizes that do not add up to the axis: %j', (sizes) => {
    expect(refused([2, 4], (g, x) => splitSizes(g, x, 1, sizes))).toBe(
      `Split of x float32[2,4] along axis 1 into [${sizes}]`,
    )
  })

  test('refuses a part of size zero', () => {
    expect(refused([2, 4], (g, x) => splitSizes(g, x, 1, [4, 0]))).toMatch(/would give \[2,0\]$/)
  })
})

test('expand repeats elements along axes of size one', async () => {
  expect(await runOn([2, 1], (g, x) => expand(g, x, [2, 3]))).toMatchObject({
    numbers: [0, 0, 0, 1, 1, 1],
    shape: [2, 3],
  })
})

test('resizeNearest repeats every pixel', async () => {
  expect(await runOn([1, 1, 2, 2], (g, x) => resizeNearest(g, x, 2))).toMatchObject({
    numbers: [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3],
    shape: [1, 1, 4, 4],
  })
})

test('resizeNearest repeats pixels along the given axes, here with channels last', async () => {
  expect(await runOn([1, 2, 1, 2], (g, x) => resizeNearest(g, x, 2, [1, 2]))).toEqual({
    numbers: [0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3],
    shape: [1, 4, 2, 2],
    ops: ['Resize', 'Identity'],
  })
})

test.each([
  ['ReduceMean', [1, 4]],
  ['ReduceSum', [3, 12]],
  ['ReduceSumSquare', [5, 50]],
] as const)('%s keeps the axis that it reduces', async (op, numbers) => {
  expect(await runOn([2, 3], (g, x) => reduce(g, op, x, [1]))).toMatchObject({ numbers, shape: [2, 1] })
})

test('filled makes a constant that repeats one number', async () => {
  expect(await runOn([1], (g, x) => concat(g, [x, filled(g, 7, 3)], 0))).toMatchObject({
    numbers: [0, 7, 7, 7],
  })
})
