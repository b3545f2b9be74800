import { describe, expect, test } from 'vitest'
import { createGraph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import { add } from '../../../../worker/compiler/ops/elementwise.ts'
import { rowsOf, viewAs } from '../../../../worker/compiler/weights/weight-tensor.ts'
import { openWeights } from '../../../../worker/compiler/weights/weights.ts'

const aWeight = (name = 'conv.weight') => openWeights('unet', null).root.tensor(name, [4, 6])

describe('the constants of a graph', () => {
  test('are shared between uses of the same weight', () => {
    const g = createGraph('g')
    expect(g.weight(aWeight())).toBe(g.weight(aWeight()))
    expect(g.constants).toHaveLength(1)
  })

  test('are separate for rows and other views of a weight', () => {
    const g = createGraph('g')
    const weight = aWeight()
    const views = [weight, rowsOf(weight, 0, 2), rowsOf(weight, 2, 4), viewAs(weight, [24])]
    expect(new Set(views.map((view) => g.weight(view).name)).size).toBe(4)
  })

  test('are shared between equal lists of few numbers, unless their type or shape differs', () => {
    const g = createGraph('g')
    expect(g.inline(Float32Array.of(1, 2), [2])).toBe(g.inline(Float32Array.of(1, 2), [2]))
    g.inline(Float32Array.of(1, 2), [1, 2])
    g.inline(BigInt64Array.of(1n, 2n), [2])
    expect(g.constants.map(({ value }) => value)).toEqual([
      { name: 'constant', dtype: 'float32', shape: [2] },
      { name: 'constant_1', dtype: 'float32', shape: [1, 2] },
      { name: 'constant_2', dtype: 'int64', shape: [2] },
    ])
  })

  test('are not shared between equal lists of more than 16 numbers, which are not compared', () => {
    const g = createGraph('g')
    g.inline(new Float32Array(17), [17])
    g.inline(new Float32Array(17), [17])
    expect(g.constants).toHaveLength(2)
  })

  test('cannot have a shape of another size', () => {
    expect(() => createGraph('g').inline(Float32Array.of(1, 2), [3])).toThrow(
      new GraphError('inline constant of 2 numbers cannot have shape [3]'),
    )
  })
})

describe('the names of values', () => {
  test('are unique and begin with the path in the checkpoint', () => {
    const g = createGraph('g')
    const x = g.input('x', [2])
    const inner = g.within('down.0', () => g.within('down.0.norm', () => add(g, x, x)))
    const again = g.within('down.0', () => add(g, inner, x))
    const top = add(g, again, add(g, x, x))
    expect([inner, again, top].map(({ name }) => name)).toEqual(['down.0.norm/Add', 'down.0/Add', 'Add_1'])
  })

  test('differ between an output and a node', () => {
    const g = createGraph('g')
    g.output('Add', add(g, g.input('x', [2]), g.input('y', [2])))
    expect(g.outputs[0]?.name).not.toBe(g.nodes[0]?.outputs[0]?.name)
  })

  test('do not begin with a path in which an earlier recording threw', () => {
    const g = createGraph('g')
    const failing = () =>
      g.within('down.0', () => {
        throw new Error('no')
      })
    expect(failing).toThrow('no')
    expect(add(g, g.input('x', [2]), g.input('y', [2])).name).toBe('Add')
  })
})
