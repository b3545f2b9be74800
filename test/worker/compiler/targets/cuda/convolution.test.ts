import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../../worker/compiler/graph/graph.ts'
import { preparationNodes } from '../../../../../worker/compiler/graph/weight-preparation.ts'
import { cudaTarget } from '../../../../../worker/compiler/targets/cuda/cuda.ts'
import type { Conv2d, Target } from '../../../../../worker/compiler/targets/target.ts'
import { expectClose } from '../../../../fixtures/close.ts'
import { convolve2d } from '../../../../fixtures/plain-arithmetic.ts'
import { runGraph } from '../../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../../fixtures/stored-weights.ts'

const target: Target = cudaTarget('float32')
const CLOSE = { relativeToScale: 4e-6 }
const SHAPE = [2, 8, 3, 5] as const

/** The ops of a graph that a session runs, without views. */
const opsRun = (g: Graph): readonly string[] => {
  const prepared = preparationNodes(g)
  return g.nodes
    .filter((node) => !prepared.has(node) && !['Reshape', 'Identity', 'Transpose'].includes(node.op))
    .map(({ op }) => op)
}

describe('conv2d of the CUDA target', () => {
  test.each([
    ['a 1×1 convolution as a product with the stored matrix', 1, {}, ['FusedMatMul', 'Add']],
    ['a 3×3 convolution as NhwcConv', 3, { padding: [1, 1, 1, 1] }, ['NhwcConv', 'Add']],
    ['a 1×1 convolution with stride 2 as NhwcConv', 1, { stride: 2 }, ['NhwcConv', 'Add']],
    ['a 1×1 convolution with padding as NhwcConv', 1, { padding: [1, 0, 0, 1] }, ['NhwcConv', 'Add']],
  ] as const)('computes %s', async (_, size, options, ops) => {
    const given = { weight: someTensor(1, [16, 8, size, size]), bias: someTensor(2, [16]) }
    const w = await storedWeights(given)
    const conv: Omit<Conv2d, 'weight' | 'bias'> = { stride: 1, padding: [0, 0, 0, 0], ...options }
    const x = someTensor(3, SHAPE)
    const g = createGraph('conv')
    const images = target.imagesFromNchw(g, g.input('x', SHAPE), 2)
    const bound = { weight: w.tensor('weight', given.weight.shape), bias: w.tensor('bias', [16]) }
    const y = target.conv2d(g, images, { ...bound, ...conv })
    g.output('y', target.imagesToNchw(g, y))
    expect(opsRun(g)).toEqual(ops)
    const expected = convolve2d(x, given.weight, given.bias, conv)
    expect(y).toMatchObject({ height: expected.shape[2], width: expected.shape[3] })
    expectClose((await runGraph(g, { x }))['y']!, expected, CLOSE)
  })

  test('adds its bias and that of its residual before a session runs, and the two products in one node', async () => {
    const given = {
      weight: someTensor(1, [8, 8, 3, 3]),
      bias: someTensor(2, [8]),
      shortcut: someTensor(3, [8, 8, 1, 1]),
      shortcutBias: someTensor(4, [8]),
    }
    const w = await storedWeights(given)
    const x = someTensor(5, SHAPE)
    const g = createGraph('residual')
    const images = target.imagesFromNchw(g, g.input('x', SHAPE), 2)
    const residual = target.conv2d(g, images, {
      ...{ weight: w.tensor('shortcut', given.shortcut.shape), bias: w.tensor('shortcutBias', [8]) },
      ...{ stride: 1, padding: [0, 0, 0, 0] },
    })
    const y = target.conv2d(g, images, {
      ...{ weight: w.tensor('weight', given.weight.shape), bias: w.tensor('bias', [8]) },
      ...{ stride: 1, padding: [1, 1, 1, 1], residual },
    })
    g.output('y', target.imagesToNchw(g, y))
    expect(opsRun(g)).toEqual(['FusedMatMul', 'NhwcConv', 'BiasAdd'])
    const first = convolve2d(x, given.shortcut, given.shortcutBias, { stride: 1, padding: [0, 0, 0, 0] })
    const second = convolve2d(x, given.weight, given.bias, { stride: 1, padding: [1, 1, 1, 1] })
    const data = second.data.map((value, i) => value + first.data[i]!)
    expectClose((await runGraph(g, { x }))['y']!, { data, shape: second.shape }, CLOSE)
  })

  test('on parts of the input channels gives results that add up to the whole', async () => {
    const given = { weight: someTensor(1, [8, 8, 3, 3]) }
    const w = await storedWeights(given)
    const x = someTensor(5, SHAPE)
    const parts = [
      { from: 0, to: 3 },
      { from: 3, to: 8 },
    ]
    const g = createGraph('parts')
    const inputs = parts.map(({ from, to }, part) => ({
      data: x.data.filter((_, i) => Math.floor(i / 15) % 8 >= from && Math.floor(i / 15) % 8 < to),
      shape: [2, to - from, 3, 5],
      name: `part${part}`,
    }))
    inputs.forEach(({ name, shape }, part) => {
      const conv = { weight: w.tensor('weight', [8, 8, 3, 3]), bias: null, stride: 1 } as const
      const images = target.imagesFromNchw(g, g.input(name, shape), 2)
      const y = target.conv2d(g, images, { ...conv, padding: [1, 1, 1, 1], inChannels: parts[part]! })
      g.output(`y${part}`, target.imagesToNchw(g, y))
    })
    const fed = Object.fromEntries(inputs.map(({ name, data, shape }) => [name, { data, shape }]))
    const { y0, y1 } = await runGraph(g, fed)
    const zeros = { data: new Float32Array(8), shape: [8] }
    const whole = convolve2d(x, given.weight, zeros, { stride: 1, padding: [1, 1, 1, 1] })
    const data = y0!.data.map((value, i) => value + y1!.data[i]!)
    expectClose({ data, shape: y0!.shape }, whole, CLOSE)
  })
})
