import { expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import { mul } from '../../../../worker/compiler/ops/elementwise.ts'
import { concat } from '../../../../worker/compiler/ops/shape.ts'
import { simulateArena, type Workspace } from '../../../../worker/engine/memory/arena-peak.ts'
import { withArenaReserve } from '../../../../worker/engine/memory/arena-reserve.ts'
import { plainArena, reservedArena } from '../../../../worker/engine/memory/reserved-arena.ts'

const MIB = 2 ** 20
const none: Workspace = () => []

/** Tensors of 1, 4, 32 and 512 MiB, each multiplied with itself, which need a region of each size. */
const growing = (): Graph => {
  const g = createGraph('growing')
  let x = g.input('x', [MIB / 4])
  for (const factor of [4, 8, 16]) {
    const wide = concat(g, Array(factor).fill(x), 0)
    x = mul(g, wide, wide)
  }
  g.output('y', x)
  return g
}

/** Three tensors of one size. */
const even = (mib: number): Graph => {
  const g = createGraph('even')
  const x = g.input('x', [(mib * MIB) / 4])
  g.output('y', mul(g, x, x))
  return g
}

const inMib = ({ reserve, arenaBytes }: ReturnType<typeof plainArena>) => ({
  arena: arenaBytes / MIB,
  reserve: reserve === null ? null : { mib: reserve.bytes / MIB, input: reserve.input },
})

test('an arena without a reserve takes the most of all workspaces that are given', () => {
  const workspaces: readonly Workspace[] = [none, ({ op }) => (op === 'Mul' ? [100 * MIB] : []), none]
  expect(inMib(plainArena(even(1), [none]))).toEqual({ arena: 1 + 2, reserve: null })
  // 100 MiB take a region of 128.
  expect(inMib(plainArena(even(1), workspaces))).toEqual({ arena: 1 + 2 + 128, reserve: null })
})

test('a graph whose regions grow gets the reserve with which it takes the least memory', () => {
  expect(inMib(plainArena(growing(), [none]))).toEqual({
    ...{ arena: 1 + 4 + 4 + 32 + 32 + 512 + 512, reserve: null },
  })
  const reserved = reservedArena(growing(), [none])
  expect(inMib(reserved)).toEqual({ arena: 1 + 2 + 512 + 512, reserve: { mib: 512, input: 'x' } })
  const { reserve, arenaBytes } = reserved
  const again = withArenaReserve(growing(), reserve?.bytes ?? 0, reserve?.input)
  expect(simulateArena(again, none)?.arenaBytes).toBe(arenaBytes)
})

test('a graph that takes the least memory without a reserve gets none', () => {
  expect(inMib(reservedArena(even(64), [none]))).toEqual({ arena: 64 + 64 + 128, reserve: null })
})

test('a reserve holds the whole graph for every workspace that cuDNN may choose', () => {
  const most: Workspace = ({ op }) => (op === 'Mul' ? [200 * MIB] : [])
  const half: Workspace = ({ op }) => (op === 'Mul' ? [100 * MIB] : [])
  const { reserve, arenaBytes } = reservedArena(growing(), [most, none])
  // Two tensors of 512 MiB, x and a workspace of 200 MiB exist at once. 1,280 MiB is the next size.
  expect(inMib({ reserve, arenaBytes })).toEqual({ arena: 1 + 2 + 1280, reserve: { mib: 1280, input: 'x' } })
  for (const workspace of [most, half, none]) {
    const again = withArenaReserve(growing(), reserve?.bytes ?? 0, reserve?.input)
    expect(simulateArena(again, workspace)?.arenaBytes).toBe(arenaBytes)
  }
})
