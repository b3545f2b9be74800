import { expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { printGraph } from '../../../../worker/compiler/graph/print-graph.ts'
import { add, mul } from '../../../../worker/compiler/ops/elementwise.ts'
import { reshape, transpose } from '../../../../worker/compiler/ops/shape.ts'
import { openWeights } from '../../../../worker/compiler/weights/weights.ts'
import { foldedGraph, foldForMemory } from '../../../../worker/engine/memory/folded-graph.ts'

/** More than the 64 KiB that go inside a graph. */
const [ROWS, WIDTH] = [400, 100]

/** y = x · transposed weight + a view of a small table that is doubled. */
const aGraph = () => {
  const { root } = openWeights('unet', null)
  const g = createGraph('g')
  const x = g.input('x', [WIDTH, ROWS], 'float16')
  const weight = g.weight(root.tensor('w', [ROWS, WIDTH]))
  const prepared = transpose(g, weight, [1, 0])
  const doubled = mul(g, g.inline(Uint16Array.of(0x3c00, 0x4000), [2]), g.inline(Uint16Array.of(0x4000), [1]))
  const view = reshape(g, doubled, [1, 2, 1])
  g.output('y', add(g, reshape(g, mul(g, x, prepared), [WIDTH / 2, 2, ROWS]), view))
  return { graph: g, prepared, doubled }
}

test('foldForMemory replaces what depends on constants alone by constants of that size, without numbers', () => {
  const { graph } = foldForMemory(aGraph().graph)
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Mul', 'Reshape', 'Add', 'Identity'])
  const described = graph.constants.map((constant) => [
    constant.value.shape,
    constant.source === 'inline' ? constant.data.length : 'weight',
  ])
  // The shape that an input is brought into is a constant of the graph itself.
  expect(described).toEqual([
    [[3], 3],
    [[WIDTH, ROWS], 0],
    [[1, 2, 1], 0],
  ])
})

test('foldForMemory keeps the source graph and its plan, so that computed results can be counted', () => {
  const { graph, prepared, doubled } = aGraph()
  const { source, folding } = foldForMemory(graph)
  expect(source.nodes.map(({ op }) => op)).toContain('Transpose')
  expect(folding.large.map(({ value }) => value.name)).toEqual([prepared.name])
  expect(folding.inline.map(({ name }) => name)).toEqual([doubled.name])
})

test('foldedGraph returns the same graph as foldForMemory', () => {
  const { graph } = aGraph()
  expect(printGraph(foldedGraph(graph))).toBe(printGraph(foldForMemory(graph).graph))
})
