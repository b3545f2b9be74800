import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import { mul, silu } from '../../../../worker/compiler/ops/elementwise.ts'
import { concat, reshape } from '../../../../worker/compiler/ops/shape.ts'
import { simulateArena, type Workspace } from '../../../../worker/engine/memory/arena-peak.ts'

const MIB = 2 ** 20
const none: Workspace = () => []

/** A float32 input of so many MiB. */
const input = (g: Graph, mib: number) => g.input('x', [(mib * MIB) / 4])

/** x → a → b → y, each of 1 MiB. */
const aChain = (): Graph => {
  const g = createGraph('chain')
  const x = input(g, 1)
  g.output(
    'y',
    g.within('b', () =>
      silu(
        g,
        g.within('a', () => mul(g, x, x)),
      ),
    ),
  )
  return g
}

const liveOf = (graph: Graph, workspace = none) => {
  const use = simulateArena(graph, workspace)
  return use === null ? null : { mib: use.liveBytes / MIB, at: use.liveAt }
}

describe('the live memory of a graph', () => {
  test('includes the inputs to the end, and each tensor until its last reader has run', () => {
    // x, a and b at the op of b; x, b and y at the end.
    expect(liveOf(aChain())).toEqual({ mib: 3, at: 'b/QuickGelu' })
  })

  test('includes a tensor that is read twice until its last reader has run', () => {
    const g = createGraph('skip')
    const x = input(g, 1)
    const a = g.within('a', () => mul(g, x, x))
    const b = g.within('b', () => silu(g, a))
    const c = g.within('c', () => silu(g, b))
    g.output(
      'y',
      g.within('sum', () => mul(g, c, a)),
    )
    expect(liveOf(g)).toEqual({ mib: 4, at: 'c/QuickGelu' })
  })

  test('includes one buffer for a tensor and its reshapes', () => {
    const g = createGraph('views')
    const x = input(g, 1)
    const a = mul(g, x, x)
    const view = reshape(g, reshape(g, a, [MIB / 8, 2]), [2, MIB / 8])
    g.output('y', silu(g, view))
    expect(liveOf(g)).toEqual({ mib: 3, at: 'QuickGelu' })
  })

  test('includes a separate buffer for an output that is a reshape of another tensor', () => {
    const g = createGraph('output')
    const x = input(g, 1)
    g.output('y', reshape(g, mul(g, x, x), [2, MIB / 8]))
    expect(liveOf(g)).toEqual({ mib: 3, at: 'y' })
  })

  test('includes a workspace while its node runs', () => {
    const workspace: Workspace = ({ op }) => (op === 'Mul' ? [2 * MIB, 3 * MIB] : [])
    expect(liveOf(aChain(), workspace)).toEqual({ mib: 1 + 1 + 2 + 3, at: 'a/Mul' })
  })

  test('is the inputs alone for a graph without nodes', () => {
    expect(liveOf({ ...aChain(), nodes: [], outputs: [] })).toEqual({ mib: 1, at: 'inputs' })
  })
})

describe('the regions of an arena', () => {
  /** x of 1 MiB, then 4 of it side by side, and the product of that with itself. */
  const growing = (): Graph => {
    const g = createGraph('growing')
    const wide = concat(g, Array(4).fill(input(g, 1)), 0)
    g.output('y', mul(g, wide, wide))
    return g
  }

  /** Three tensors of 3 MiB, each in a region that is larger. */
  const thirds = (): Graph => {
    const g = createGraph('thirds')
    const x = input(g, 3)
    g.output('y', mul(g, x, x))
    return g
  }

  test('grow with the tensors, and do not grow in later runs', () => {
    const regions = (runs: number) =>
      simulateArena(growing(), none, { runs })?.regions.map((size) => size / MIB)
    // x, 4 MiB side by side, and their product. The output then takes the buffer of the 4 MiB.
    expect(regions(1)).toEqual([1, 4, 4])
    expect(regions(2)).toEqual([1, 4, 4])
    expect(simulateArena(growing(), none)).toMatchObject({ arenaBytes: 9 * MIB, liveBytes: 9 * MIB })
  })

  test('are touched as far as tensors lie in them', () => {
    const { regions = [], touchedBytes = 0 } = simulateArena(thirds(), none) ?? {}
    expect(regions.map((size) => size / MIB)).toEqual([4, 4, 8])
    expect(touchedBytes / MIB).toBe(3 + 3 + 3)
  })

  test('are null if they reach the limit or exceed the memory of the device', () => {
    const bounded = (limitBytes: number) => simulateArena(growing(), none, { limitBytes })
    expect(bounded(9 * MIB + 1)).toMatchObject({ arenaBytes: 9 * MIB })
    expect(bounded(9 * MIB)).toBeNull()
    const onDevice = (deviceBytes: number) => simulateArena(growing(), none, { deviceBytes })
    expect(onDevice(9 * MIB)).toMatchObject({ arenaBytes: 9 * MIB })
    expect(onDevice(9 * MIB - 1)).toBeNull()
    // The device refuses the last node of the last run.
    expect(simulateArena(thirds(), none, { deviceBytes: 10 * MIB, runs: 1 })).toBeNull()
  })
})
