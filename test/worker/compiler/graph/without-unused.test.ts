import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import type { Value } from '../../../../worker/compiler/graph/value.ts'
import { withoutUnused } from '../../../../worker/compiler/graph/without-unused.ts'
import { add, mul } from '../../../../worker/compiler/ops/elementwise.ts'
import { skipGroupNorm } from '../../../../worker/compiler/ops/group-norm.ts'
import { split } from '../../../../worker/compiler/ops/shape.ts'
import { skipLayerNorm } from '../../../../worker/compiler/ops/skip-layer-norm.ts'

type Made = Readonly<Record<'normalized' | 'sum', Value>>

const layerNorm = (g: Graph): Made => {
  const x = g.input('x', [1, 2, 8])
  const [gamma, beta] = [g.input('gamma', [8]), g.input('beta', [8])]
  return skipLayerNorm(g, x, { skip: x, bias: null, gamma, beta, epsilon: 1e-5 })
}

const groupNorm = (g: Graph): Made => {
  const x = g.input('x', [1, 2, 2, 8])
  const affine = { gamma: g.input('gamma', [8]), beta: g.input('beta', [8]) }
  const options = { ...affine, groups: 4, epsilon: 1e-5, activation: 'none' } as const
  return skipGroupNorm(g, x, { skip: x, bias: null }, options)
}

/** The node of a norm of which only these results are read. */
const normRead = (record: (g: Graph) => Made, ...read: readonly (keyof Made)[]) => {
  const g = createGraph('norm')
  const made = record(g)
  for (const name of read) g.output(name, made[name])
  return withoutUnused(g).nodes.find(({ op }) => op !== 'Identity')
}

describe('withoutUnused, applied to outputs,', () => {
  test('keeps the read sum of SkipLayerNormalization in the fourth slot', () => {
    expect(normRead(layerNorm, 'normalized', 'sum')).toMatchObject({
      outputs: [{ shape: [1, 2, 8] }, { shape: [1, 2, 8] }],
      outputSlots: [0, 3],
    })
    expect(normRead(layerNorm, 'sum')).toMatchObject({ outputs: [{}, {}], outputSlots: [0, 3] })
  })

  test('removes the unread sum of SkipLayerNormalization', () => {
    const node = normRead(layerNorm, 'normalized')
    expect(node?.outputs.map(({ name }) => name)).toEqual(['SkipLayerNormalization:0'])
    expect(node).not.toHaveProperty('outputSlots')
  })

  test('removes the unread sum of SkipGroupNorm, but never its first output', () => {
    expect(normRead(groupNorm, 'normalized')?.outputs.map(({ name }) => name)).toEqual(['SkipGroupNorm:0'])
    expect(normRead(groupNorm, 'sum')?.outputs).toHaveLength(2)
    expect(normRead(groupNorm, 'normalized', 'sum')?.outputs).toHaveLength(2)
  })

  test('keeps the unread outputs of ops whose outputs are not optional', () => {
    const g = createGraph('split')
    g.output('y', split(g, g.input('x', [4]), 0, 2)[0]!)
    expect(withoutUnused(g).nodes[0]?.outputs).toHaveLength(2)
  })
})

describe('withoutUnused, applied to nodes,', () => {
  test('removes an unread node with the nodes and constants that it alone reads', () => {
    const g = createGraph('unused')
    const x = g.input('x', [2])
    const used = mul(g, x, g.inline(Float32Array.of(2), [1]))
    add(g, mul(g, used, g.inline(Float32Array.of(3), [1])), x)
    g.output('y', used)
    const kept = withoutUnused(g)
    expect(kept.nodes.map(({ op }) => op)).toEqual(['Mul', 'Identity'])
    expect(kept.constants).toMatchObject([{ data: Float32Array.of(2) }])
  })

  test('keeps unread inputs, because callers feed them', () => {
    const g = createGraph('inputs')
    g.output('y', g.input('x', [2]))
    g.input('unread', [2])
    expect(withoutUnused(g).inputs.map(({ name }) => name)).toEqual(['x', 'unread'])
  })

  test('removes the sum of a norm if only an unread node reads it', () => {
    const node = normRead((g) => {
      const made = layerNorm(g)
      add(g, made.sum, made.sum)
      return made
    }, 'normalized')
    expect(node?.outputs).toHaveLength(1)
  })

  test('keeps the order of all other nodes', () => {
    const g = createGraph('order')
    const x = g.input('x', [2])
    const first = add(g, x, x)
    const second = mul(g, first, x)
    g.output('y', add(g, second, first))
    g.output('z', first)
    expect(withoutUnused(g).nodes).toEqual(g.nodes)
  })
})
