import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { bytesOf } from '../../../../worker/compiler/graph/value.ts'
import { preparationNodes } from '../../../../worker/compiler/graph/weight-preparation.ts'
import { add, mul } from '../../../../worker/compiler/ops/elementwise.ts'
import { simulateArena } from '../../../../worker/engine/memory/arena-peak.ts'
import { reserveRegions, withArenaReserve } from '../../../../worker/engine/memory/arena-reserve.ts'
import { executionOrder } from '../../../../worker/engine/memory/execution-order.ts'
import { runGraph, tensorOf } from '../../../fixtures/run-graph.ts'

const MIB = 2 ** 20

const aGraph = () => {
  const g = createGraph('squares')
  const x = g.input('x', [2, 3])
  g.output('y', add(g, mul(g, x, x), x))
  return g
}

describe('a graph with a reserve', () => {
  test.each([
    ['numbers', [1, -2, 3.5, 1e30, -0, 5]],
    ['NaN', [Number.NaN, 1, 2, 3, 4, 5]],
    ['infinity', [Number.NEGATIVE_INFINITY, 1, 2, 3, 4, 5]],
  ])('gives bit-identical results for %s', async (_, numbers) => {
    const inputs = { x: tensorOf(numbers, [2, 3]) }
    const plain = await runGraph(aGraph(), inputs)
    const reserved = await runGraph(withArenaReserve(aGraph(), MIB), inputs)
    expect(reserved['y']?.data).toEqual(plain['y']?.data)
    expect(reserved['y']?.data.map((number) => Math.sign(1 / number))).toEqual(
      plain['y']?.data.map((number) => Math.sign(1 / number)),
    )
  })

  test('allocates the reserve before its other nodes, in a node that is not folded', () => {
    const graph = withArenaReserve(aGraph(), MIB)
    const order = executionOrder(graph)
    const filled = order.findIndex(({ outputs }) => outputs.some((output) => bytesOf(output) === MIB))
    expect(filled).toBeGreaterThan(-1)
    expect(order.findIndex(({ op }) => op === 'Mul')).toBeGreaterThan(filled)
    expect(preparationNodes(graph).size).toBe(0)
  })

  test('gives bit-identical results with two regions, whose buffers exist at the same time', async () => {
    const inputs = { x: tensorOf([1, Number.NaN, -0, 3.5, Number.POSITIVE_INFINITY, 5], [2, 3]) }
    const reserved = withArenaReserve(aGraph(), 5 * MIB)
    const { y } = await runGraph(reserved, inputs)
    expect(y?.data).toEqual((await runGraph(aGraph(), inputs))['y']?.data)
    const order = executionOrder(reserved)
    const sizes = order.map(({ outputs: [output] }) => (output === undefined ? 0 : bytesOf(output) / MIB))
    const [first, second] = [sizes.indexOf(1), sizes.indexOf(4)]
    const readAgain = order.findLastIndex(({ inputs: read }) =>
      read.some((value) => value?.name === order[first]?.outputs[0]?.name),
    )
    expect(first).toBeGreaterThan(-1)
    expect(second).toBeGreaterThan(first)
    expect(readAgain).toBeGreaterThan(second)
    expect(order.findIndex(({ op }) => op === 'Mul')).toBeGreaterThan(readAgain)
  })

  test('has one region for tensors that had a region for each size', () => {
    const g = createGraph('growing')
    let x = g.input('x', [64 * 1024])
    for (const factor of [4, 8, 16]) {
      const wide = g.node({
        op: 'Concat',
        inputs: Array(factor).fill(x),
        outputs: [{ shape: [factor * x.shape[0]!], dtype: 'float32' }],
        attributes: { axis: 0 },
      })[0]!
      x = mul(g, wide, wide)
    }
    g.output('y', x)
    const regions = (bytes: number) =>
      simulateArena(bytes === 0 ? g : withArenaReserve(g, bytes), () => [])?.regions.map((size) => size / MIB)
    expect(regions(0)).toEqual([1, 2, 8, 8, 128, 128])
    expect(regions(512 * MIB)).toEqual([1, 512])
    expect(regions(320 * MIB)).toEqual([1, 64, 256])
  })

  test('has regions of powers of two, none larger than kernels can index', () => {
    const gib = (bytes: number) => reserveRegions(bytes * 1024 * MIB).map((size) => size / (1024 * MIB))
    expect(gib(8)).toEqual([8])
    expect(gib(7)).toEqual([1, 2, 4])
    expect(gib(2.5)).toEqual([0.5, 2])
    expect(gib(56)).toEqual([8, 16, 16, 16])
  })
})
