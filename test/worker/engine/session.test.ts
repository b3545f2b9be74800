import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../worker/compiler/graph/graph.ts'
import type { Value } from '../../../worker/compiler/graph/value.ts'
import { add, cast, isNan, roundToUint8 } from '../../../worker/compiler/ops/elementwise.ts'
import { openSession, prepareSession } from '../../../worker/engine/session.ts'
import { tensorOf } from '../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../fixtures/stored-weights.ts'

/** y = x + bias, two numbers. */
const openSum = () => {
  const g = createGraph('sum')
  g.output('y', add(g, g.input('x', [2]), g.input('bias', [2])))
  return openSession(g, { threads: 1 })
}

const X = tensorOf([1, 2])
const BIAS = tensorOf([10, 20])

describe('a session', () => {
  test('runs its network several times', async () => {
    await using session = await openSum()
    expect(session.name).toBe('sum')
    expect(await session.run({ x: X, bias: BIAS })).toEqual({ y: tensorOf([11, 22]) })
    expect(await session.run({ bias: BIAS, x: BIAS })).toEqual({ y: tensorOf([20, 40]) })
  })

  test.each([
    ['is missing', { x: X }, 'sum: input bias is missing'],
    ['is unknown', { x: X, bias: BIAS, scale: X }, 'sum has no input scale'],
    [
      'has another size',
      { x: X, bias: tensorOf([1, 2, 3]) },
      'sum: input bias is [3], the graph was built for [2]',
    ],
    [
      'has other axes',
      { x: tensorOf([1, 2], [1, 2]), bias: BIAS },
      'sum: input x is [1,2], the graph was built for [2]',
    ],
    [
      'holds more numbers than its shape',
      { x: tensorOf([1, 2, 3], [2]), bias: BIAS },
      'sum: input x holds 3 numbers for [2]',
    ],
  ])('refuses to run if an input %s', async (_, inputs, message) => {
    await using session = await openSum()
    await expect(session.run(inputs as Record<string, typeof X>)).rejects.toThrow(new TypeError(message))
  })

  test('allocates the reserve that the planner chose, and gives the same numbers', async () => {
    const g = createGraph('sum')
    g.output('y', add(g, g.input('x', [2]), g.input('bias', [2])))
    const options = { threads: 1, reserveOf: () => ({ bytes: 4096, input: 'x' }) }
    const { bytes } = await prepareSession(g, options)
    expect(Buffer.from(bytes).includes('arena_reserve')).toBe(true)
    await using session = await openSession(g, options)
    expect(await session.run({ x: X, bias: BIAS })).toEqual({ y: tensorOf([11, 22]) })
  })

  test('returns bytes as well as float32 numbers', async () => {
    const g = createGraph('mixed')
    const x = g.input('x', [2])
    g.output('bytes', roundToUint8(g, x))
    g.output('twice', add(g, x, x))
    await using session = await openSession(g, { threads: 1 })
    expect(await session.run({ x: tensorOf([3.25, 300]) })).toEqual({
      bytes: { data: Uint8Array.of(3, 255), shape: [2] },
      twice: tensorOf([6.5, 600]),
    })
  })

  test.each([
    ['int64', (g: Graph, x: Value) => cast(g, x, 'int64')],
    ['bool', isNan],
  ])('refuses an output of type %s', async (type, op) => {
    const g = createGraph('other')
    g.output('y', op(g, g.input('x', [2])))
    await using session = await openSession(g, { threads: 1 })
    await expect(session.run({ x: X })).rejects.toThrow(
      new TypeError(`other: output y is ${type}; cast it to float32 or uint8 in the graph`),
    )
  })

  test('reads weights from the file of the checkpoint', async () => {
    const bias = someTensor(1, [2])
    const w = await storedWeights({ padding: someTensor(2, [3]), bias })
    const g = createGraph('stored')
    g.output('y', add(g, g.input('x', [2]), g.weight(w.tensor('bias', [2]))))
    await using session = await openSession(g, { threads: 1 })
    expect(await session.run({ x: tensorOf([0, 0]) })).toEqual({ y: bias })
  })

  test('does not run after it is disposed', async () => {
    const session = await openSum()
    await session[Symbol.asyncDispose]()
    await expect(session.run({ x: X, bias: BIAS })).rejects.toThrow()
  })
})
