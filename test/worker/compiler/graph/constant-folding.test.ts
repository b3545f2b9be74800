import { describe, expect, test } from 'vitest'
import { foldGraph, foldViews, planFolding } from '../../../../worker/compiler/graph/constant-folding.ts'
import { createGraph, type Graph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import { printGraph } from '../../../../worker/compiler/graph/print-graph.ts'
import type { Value } from '../../../../worker/compiler/graph/value.ts'
import { add, cast, mul } from '../../../../worker/compiler/ops/elementwise.ts'
import { concat, expand, reshape, transpose } from '../../../../worker/compiler/ops/shape.ts'
import { skipLayerNorm } from '../../../../worker/compiler/ops/skip-layer-norm.ts'
import { rowsOf } from '../../../../worker/compiler/weights/weight-tensor.ts'
import { openWeights } from '../../../../worker/compiler/weights/weights.ts'

const weights = () => openWeights('unet', null).root

/** More than 64 KiB as float32. */
const LARGE = [200, 100] as const

const sum = (g: Graph, values: readonly Value[]): Value =>
  values.reduce((total, value) => add(g, total, value))

const plan = (graph: Graph) => planFolding(graph, () => 'file')
const names = (values: readonly Value[]): readonly string[] => values.map(({ name }) => name)

describe('foldViews', () => {
  test('replaces a view of a weight by a constant with the stored bytes and another shape', () => {
    const g = createGraph('g')
    const row = g.weight(rowsOf(weights().tensor('w', [2, 6]), 1, 2))
    g.output('y', add(g, g.input('x', [2, 3], 'float16'), reshape(g, reshape(g, row, [3, 2]), [2, 3])))
    const folded = foldViews(g)
    expect(folded.nodes.map(({ op }) => op)).toEqual(['Add', 'Identity'])
    expect(folded.constants).toMatchObject([
      { source: 'weight', value: { shape: [2, 3] }, weight: { key: 'w', offsetBytes: 12, shape: [2, 3] } },
    ])
  })

  test('replaces a view of inline numbers by a constant with the same numbers and another shape', () => {
    const g = createGraph('g')
    const numbers = Float32Array.of(1, 2, 3, 4)
    g.output('y', add(g, g.input('x', [2, 2]), reshape(g, g.inline(numbers, [4]), [2, 2])))
    const { constants } = foldViews(g)
    expect(constants).toMatchObject([{ source: 'inline', value: { shape: [2, 2] } }])
    expect(constants[0]).toHaveProperty('data', numbers)
  })

  test('makes one constant for all views of the same bytes in the same shape', () => {
    const g = createGraph('g')
    const w = g.weight(weights().tensor('w', [4]))
    const viewed = () => reshape(g, reshape(g, w, [2, 2]), [1, 4])
    const back = reshape(g, viewed(), [4])
    g.output('y', sum(g, [g.input('x', [1, 4], 'float16'), viewed(), viewed(), back, w]))
    const { constants, nodes } = foldViews(g)
    expect(constants.map(({ value }) => value.shape)).toEqual([[4], [1, 4]])
    expect(nodes.filter(({ op }) => op === 'Add').map(({ inputs }) => inputs[1]?.name)).toEqual([
      constants[1]?.value.name,
      constants[1]?.value.name,
      'w',
      'w',
    ])
  })

  test('gives a constant the name of the graph output that it becomes', () => {
    const g = createGraph('g')
    g.output('y', g.weight(weights().tensor('w', [4])))
    const { constants, nodes, outputs } = foldViews(g)
    expect([nodes, names(outputs)]).toEqual([[], ['y']])
    expect(constants).toMatchObject([{ value: { name: 'y' }, weight: { key: 'w' } }])
  })

  test('leaves a view of an activation unchanged', () => {
    const g = createGraph('g')
    g.output('y', reshape(g, g.input('x', [4]), [2, 2]))
    expect(printGraph(foldViews(g))).toBe(printGraph(g))
  })
})

describe('planFolding', () => {
  test('computes the result that running nodes read, and no intermediate results', () => {
    const g = createGraph('g')
    const wide = cast(g, g.weight(weights().tensor('w', LARGE)), 'float32')
    const kernel = transpose(g, mul(g, wide, wide), [1, 0])
    g.output('y', add(g, g.input('x', [100, 200]), kernel))
    expect(names(plan(g).large.map(({ value }) => value))).toEqual([kernel.name])
    expect(plan(g).inline).toEqual([])
  })

  test('computes the result behind several views once for all their shapes', () => {
    const g = createGraph('g')
    const wide = cast(g, g.weight(weights().tensor('w', LARGE)), 'float32')
    const flat = reshape(g, wide, [1, 20_000])
    g.output('y', sum(g, [g.input('x', [1, 20_000]), flat, reshape(g, wide, [20_000])]))
    expect(names(plan(g).large.map(({ value }) => value))).toEqual([wide.name])
    const content = { source: 'inline', data: new Float32Array(20_000) } as const
    const folded = foldGraph(g, plan(g), new Map([[wide.name, content]]))
    expect(folded.constants.map(({ value }) => value.shape)).toEqual([[1, 20_000], [20_000]])
    expect(folded.nodes.map(({ op }) => op)).toEqual(['Add', 'Add', 'Identity'])
  })

  test('computes a result once if it is recorded for each chunk', () => {
    const g = createGraph('g')
    const w = g.weight(weights().tensor('w', LARGE))
    const chunk = () => reshape(g, transpose(g, cast(g, w, 'float32'), [1, 0]), [1, 20_000])
    const first = chunk()
    g.output('y', sum(g, [g.input('x', [1, 20_000]), first, chunk(), chunk()]))
    const { large, reads } = plan(g)
    expect(large).toHaveLength(1)
    expect(new Set(reads.map(({ root }) => root))).toEqual(new Set([large[0]?.value.name]))

    // foldGraph without the result also records it once.
    const left = foldGraph(g, plan(g), new Map())
    const ops = left.nodes.map(({ op }) => op)
    expect(ops).toEqual(['Cast', 'Transpose', 'Reshape', 'Add', 'Add', 'Add', 'Identity'])
    expect(left.nodes.flatMap(({ op, inputs }) => (op === 'Add' ? [inputs[1]?.name] : []))).toEqual([
      first.name,
      first.name,
      first.name,
    ])
  })

  test('gives a result the same hash in every graph that computes it', () => {
    const hashOf = (name: string, images: number): readonly string[] => {
      const g = createGraph(name)
      const wide = cast(g, g.weight(weights().tensor('w', LARGE)), 'float32')
      g.within(name, () => g.output('y', concat(g, [g.input('x', [images, 100]), wide], 0)))
      return plan(g).large.map(({ hash }) => hash)
    }
    expect(hashOf('one', 3)).toEqual(hashOf('another', 7))
  })

  test('gives a result another hash if its weights, ops or their attributes differ', () => {
    const hashes = [
      ['w', (g: Graph, w: Value) => transpose(g, w, [1, 0])],
      ['v', (g: Graph, w: Value) => transpose(g, w, [1, 0])],
      ['w', (g: Graph, w: Value) => transpose(g, w, [0, 1])],
      ['w', (g: Graph, w: Value) => mul(g, w, w)],
      ['w', (g: Graph, w: Value) => mul(g, mul(g, w, w), w)],
    ] as const
    const all = hashes.map(([key, prepare]) => {
      const g = createGraph('g')
      const prepared = prepare(g, cast(g, g.weight(weights().tensor(key, [200, 200])), 'float32'))
      g.output('y', add(g, g.input('x', [200, 200]), prepared))
      return planFolding(g, (file) => file).large.map(({ hash }) => hash)
    })
    expect(new Set(all.flat()).size).toBe(5)
  })
})

test('planFolding refuses to compute a result in bfloat16', () => {
  const g = createGraph('g')
  const narrow = cast(g, g.weight(weights().tensor('w', [2])), 'bfloat16')
  g.output('y', add(g, g.input('x', [2], 'bfloat16'), narrow))
  expect(() => plan(g)).toThrow(new GraphError('Cast: is computed as bfloat16; cast it first'))
})

describe('a computed result is stored inside the graph', () => {
  const inlineOf = (record: (g: Graph) => Value, asOutput = false): readonly string[] => {
    const g = createGraph('g')
    const value = record(g)
    g.output('y', asOutput ? value : add(g, g.input('x', [1]), value))
    const { inline, large } = plan(g)
    return [...inline.map(() => 'inline'), ...large.map(() => 'large')]
  }
  const wide = (g: Graph, shape: readonly number[]): Value =>
    cast(g, g.weight(weights().tensor('w', shape)), 'float32')

  test('if it has at most 64 KiB', () => {
    expect(inlineOf((g) => wide(g, [16_384]))).toEqual(['inline'])
    expect(inlineOf((g) => wide(g, [16_385]))).toEqual(['large'])
  })

  test('if it depends on no weight', () => {
    const numbers = new Float32Array(20_000)
    expect(inlineOf((g) => mul(g, g.inline(numbers, [20_000]), g.inline(numbers, [20_000])))).toEqual([
      'inline',
    ])
  })

  test('if it repeats rows for each image, so that files do not depend on the number of images', () => {
    expect(inlineOf((g) => expand(g, wide(g, [1, 1000]), [100, 1000]))).toEqual(['inline'])
  })

  test('if it is an output of the graph', () => {
    expect(inlineOf((g) => wide(g, [20_000]), true)).toEqual(['inline'])
  })
})

test('foldGraph replaces a computed output by a constant of the same name', () => {
  const g = createGraph('g')
  g.output('y', cast(g, g.weight(weights().tensor('w', [2])), 'float32'))
  const [root = { name: '' }] = plan(g).inline
  const content = { source: 'inline', data: Float32Array.of(1, 2) } as const
  const folded = foldGraph(g, plan(g), new Map([[root.name, content]]))
  expect(folded.nodes).toEqual([])
  expect(folded.constants.map(({ value }) => value)).toEqual(folded.outputs)
  expect(names(folded.outputs)).toEqual(['y'])
})

test('foldGraph lets a node with optional outputs read computed constants, and keeps its output slots', () => {
  const g = createGraph('g')
  const x = g.input('x', [1, 2, 8])
  const parameter = (key: string): Value => cast(g, g.weight(weights().tensor(key, [8])), 'float32')
  const affine = { gamma: parameter('gamma'), beta: parameter('beta') }
  const { normalized, sum: total } = skipLayerNorm(g, x, { ...affine, skip: x, bias: null, epsilon: 1e-5 })
  g.output('y', normalized)
  g.output('z', total)
  const content = { source: 'inline', data: new Float32Array(8) } as const
  const contents = new Map(plan(g).inline.map(({ name }) => [name, content]))
  const { nodes, constants } = foldGraph(g, plan(g), contents)
  expect(nodes.map(({ op }) => op)).toEqual(['SkipLayerNormalization', 'Identity', 'Identity'])
  expect(nodes[0]?.outputSlots).toEqual([0, 3])
  expect(nodes[0]?.inputs.map((value) => value?.name)).toEqual([
    'x',
    'x',
    affine.gamma.name,
    affine.beta.name,
  ])
  expect(names(constants.map(({ value }) => value))).toEqual([affine.gamma.name, affine.beta.name])
})
