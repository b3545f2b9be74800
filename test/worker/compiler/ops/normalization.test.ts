import { describe, expect, test } from 'vitest'
import { createGraph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import {
  batchNormalization,
  instanceNormalization,
  layerNormalization,
} from '../../../../worker/compiler/ops/normalization.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { normalizeRuns } from '../../../fixtures/plain-arithmetic.ts'
import { runGraph } from '../../../fixtures/run-graph.ts'
import { someTensor } from '../../../fixtures/stored-weights.ts'

const EPSILON = 0.1

describe('layer normalization', () => {
  test('normalizes every row, then scales and shifts by column', async () => {
    const [x, weight, bias] = [someTensor(1, [3, 5]), someTensor(2, [5]), someTensor(3, [5])]
    const g = createGraph('norm')
    const y = layerNormalization(
      g,
      g.input('x', x.shape),
      g.input('weight', [5]),
      g.input('bias', [5]),
      EPSILON,
    )
    g.output('y', y)
    const data = normalizeRuns(x.data, 5, EPSILON).map(
      (value, i) => value * weight.data[i % 5]! + bias.data[i % 5]!,
    )
    expectClose((await runGraph(g, { x, weight, bias }))['y']!, { data, shape: [3, 5] }, { absolute: 1e-6 })
  })

  test('refuses weights of another width', () => {
    const g = createGraph('norm')
    const weight = g.input('weight', [4])
    expect(() => layerNormalization(g, g.input('x', [3, 5]), weight, weight, EPSILON)).toThrow(
      new GraphError('LayerNormalization of float32[3,5] with weight float32[4]'),
    )
  })
})

test('instance normalization normalizes every channel of every item', async () => {
  const [x, scale, bias] = [someTensor(1, [2, 3, 4]), someTensor(2, [3]), someTensor(3, [3])]
  const g = createGraph('norm')
  const inputs = [g.input('x', x.shape), g.input('scale', [3]), g.input('bias', [3])] as const
  g.output('y', instanceNormalization(g, ...inputs, EPSILON))
  const data = normalizeRuns(x.data, 4, EPSILON).map(
    (value, i) => value * scale.data[Math.floor(i / 4) % 3]! + bias.data[Math.floor(i / 4) % 3]!,
  )
  expectClose((await runGraph(g, { x, scale, bias }))['y']!, { data, shape: x.shape }, { absolute: 1e-6 })
})

test('batch normalization uses the mean and variance that it is given', async () => {
  const x = someTensor(1, [2, 3, 4])
  const given = {
    scale: someTensor(2, [3]),
    bias: someTensor(3, [3]),
    mean: someTensor(4, [3]),
    variance: { data: Float32Array.of(0.25, 1, 4), shape: [3] },
  }
  const g = createGraph('norm')
  const value = g.input('x', x.shape)
  const statistics = {
    scale: g.input('scale', [3]),
    bias: g.input('bias', [3]),
    mean: g.input('mean', [3]),
    variance: g.input('variance', [3]),
  }
  g.output('y', batchNormalization(g, value, statistics, EPSILON))
  const { scale, bias, mean, variance } = given
  const data = Array.from(x.data, (number, i) => {
    const channel = Math.floor(i / 4) % 3
    const normalized = (number - mean.data[channel]!) / Math.sqrt(variance.data[channel]! + EPSILON)
    return normalized * scale.data[channel]! + bias.data[channel]!
  })
  expectClose((await runGraph(g, { x, ...given }))['y']!, { data, shape: x.shape }, { absolute: 1e-6 })
})
