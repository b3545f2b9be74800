import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../../worker/compiler/graph/graph.ts'
import { preparationNodes } from '../../../../../worker/compiler/graph/weight-preparation.ts'
import { bindMix } from '../../../../../worker/compiler/layers/parameters.ts'
import { cudaTarget } from '../../../../../worker/compiler/targets/cuda/cuda.ts'
import type { Target, Tokens } from '../../../../../worker/compiler/targets/target.ts'
import type { Tensor } from '../../../../../worker/engine/tensor.ts'
import { expectClose } from '../../../../fixtures/close.ts'
import { attend, moveAxes, multiplyTransposed } from '../../../../fixtures/plain-arithmetic.ts'
import { runGraph, tensorOf } from '../../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../../fixtures/stored-weights.ts'

const target: Target = cudaTarget('float32')
const [CLIPS, FRAMES, PIXELS, CHANNELS] = [2, 3, 4, 8] as const
const TOKENS = CLIPS * FRAMES * PIXELS
const X = someTensor(1, [TOKENS, CHANNELS])

const spatial = (g: Graph): Tokens => target.tokensFromMatrix(g, g.input('x', X.shape), CLIPS * FRAMES)
const opCount = (g: Graph, op: string): number => g.nodes.filter((node) => node.op === op).length

/** Tokens in temporal order, moved back to the order of the input images. */
const back = async (g: Graph, original: Tokens, temporal: Tokens): Promise<Tokens> => {
  const w = await storedWeights({ mix_factor: { data: Float32Array.of(100), shape: [1] } })
  return target.blend(g, original, temporal, bindMix(w, { switched: true }))
}

const plus = (addend: (clip: number, frame: number, pixel: number, channel: number) => number): Tensor => ({
  data: X.data.map((value, i) => {
    const token = Math.floor(i / CHANNELS)
    const image = Math.floor(token / PIXELS)
    return value + addend(Math.floor(image / FRAMES), image % FRAMES, token % PIXELS, i % CHANNELS)
  }),
  shape: X.shape,
})

describe('temporal order', () => {
  test('lists the frames of all clips in sequence for each pixel', async () => {
    const g = createGraph('order')
    const temporal = target.toTemporalTokens(g, spatial(g), FRAMES)
    expect(temporal).toMatchObject({ rows: CLIPS * PIXELS, length: FRAMES, channels: CHANNELS })
    g.output('y', target.tokensToMatrix(g, temporal))
    const byPixel = moveAxes({ data: X.data, shape: [CLIPS * FRAMES, PIXELS, CHANNELS] }, [1, 0, 2])
    expect((await runGraph(g, { x: X }))['y']!.data).toEqual(byPixel.data)
  })

  test('takes one transpose in each direction', async () => {
    const g = createGraph('order')
    const x = spatial(g)
    g.output('y', target.tokensToMatrix(g, await back(g, x, target.toTemporalTokens(g, x, FRAMES))))
    expect(opCount(g, 'Transpose')).toBe(2)
    expect((await runGraph(g, { x: X }))['y']).toEqual(X)
  })

  test('makes attention mix the frames of a pixel within one clip', async () => {
    const given = { q: someTensor(2, [8, 8]), k: someTensor(3, [8, 8]), v: someTensor(4, [8, 8]) }
    const w = await storedWeights(given)
    const layer = (name: 'q' | 'k' | 'v') => ({ weight: w.tensor(name, [8, 8]), bias: null })
    const g = createGraph('attention')
    const x = spatial(g)
    const options = { toQ: layer('q'), toK: layer('k'), toV: layer('v'), heads: 2 }
    const mixed = target.selfAttention(g, target.toTemporalTokens(g, x, FRAMES), options)
    g.output('y', target.tokensToMatrix(g, await back(g, x, mixed)))
    const shape = [CLIPS, FRAMES, PIXELS, CHANNELS]
    const sequences = moveAxes({ data: X.data, shape }, [0, 2, 1, 3])
    const flat = { data: sequences.data, shape: X.shape }
    const project = (weight: Tensor): Tensor => ({
      data: Float32Array.from(multiplyTransposed(flat, weight, null).data),
      shape: [CLIPS * PIXELS, FRAMES, CHANNELS],
    })
    const attended = attend(project(given.q), project(given.k), project(given.v), 2)
    const data = Float32Array.from(attended.data)
    const expected = moveAxes({ data, shape: [CLIPS, PIXELS, FRAMES, CHANNELS] }, [0, 2, 1, 3])
    expectClose(
      (await runGraph(g, { x: X }))['y']!,
      { data: expected.data, shape: X.shape },
      { absolute: 2e-6 },
    )
  })
})

describe('sequences that exceed what one attention takes', () => {
  test('are split, and give the same result as one attention', async () => {
    const [rows, length, channels] = [65_537, 2, 4] as const
    const x = someTensor(1, [rows * length, channels])
    const identity = { data: Float32Array.from({ length: 16 }, (_, i) => Number(i % 5 === 0)), shape: [4, 4] }
    const w = await storedWeights({ identity })
    const layer = { weight: w.tensor('identity', [4, 4]), bias: null }
    const g = createGraph('attention')
    const tokens = target.tokensFromMatrix(g, g.input('x', x.shape), rows)
    const y = target.selfAttention(g, tokens, { toQ: layer, toK: layer, toV: layer, heads: 1 })
    g.output('y', target.tokensToMatrix(g, y))
    expect(
      g.nodes.filter(({ op }) => op === 'MultiHeadAttention').map(({ inputs }) => inputs[0]?.shape),
    ).toEqual([
      [32_769, length, channels],
      [32_768, length, channels],
    ])
    const sequences = { data: x.data, shape: [rows, length, channels] }
    const { data } = attend(sequences, sequences, sequences, 1)
    expectClose((await runGraph(g, { x }))['y']!, { data, shape: x.shape }, { absolute: 2e-6 })
  })
})

describe('rows of tokens', () => {
  const WIDTHS = [CHANNELS, 3]
  const total = CHANNELS + 3
  const perClip = someTensor(7, [CLIPS, total])
  const at = (clip: number, channel: number): number => perClip.data[clip * total + channel]!

  test.each([1, 3])(
    'that were packed side by side are unpacked, each repeated %i time(s) in sequence',
    async (repeats) => {
      const g = createGraph('rows')
      const parts = target.unpackTokens(g, g.input('rows', perClip.shape), WIDTHS, repeats)
      expect(parts).toMatchObject(WIDTHS.map((channels) => ({ rows: 1, length: CLIPS, channels })))
      for (const [index, part] of parts.entries()) g.output(`y${index}`, target.packTokens(g, [part]))
      const results = await runGraph(g, { rows: perClip })
      for (const [index, [from, width]] of [[0, CHANNELS] as const, [CHANNELS, 3] as const].entries()) {
        const data = Float32Array.from({ length: CLIPS * repeats * width }, (_, i) =>
          at(Math.floor(i / (width * repeats)), from + (i % width)),
        )
        expect(results[`y${index}`]).toEqual({ data, shape: [CLIPS * repeats, width] })
      }
    },
  )

  test('that repeat for each frame are added to temporal tokens without another Expand', async () => {
    const g = createGraph('rows')
    const [rows] = target.unpackTokens(g, g.input('rows', perClip.shape), WIDTHS, FRAMES)
    const x = spatial(g)
    const before = opCount(g, 'Expand')
    const added = target.addRows(g, target.toTemporalTokens(g, x, FRAMES), rows!, 'clip')
    expect(opCount(g, 'Expand')).toBe(before)
    g.output('y', target.tokensToMatrix(g, await back(g, x, added)))
    expect((await runGraph(g, { x: X, rows: perClip }))['y']).toEqual(
      plus((clip, _, __, channel) => at(clip, channel)),
    )
  })

  test('that belong to a clip are added to each of its tokens in either order', async () => {
    for (const order of ['spatial', 'temporal'] as const) {
      const g = createGraph('rows')
      const [rows] = target.unpackTokens(g, g.input('rows', perClip.shape), WIDTHS, 1)
      const x = spatial(g)
      const y =
        order === 'spatial'
          ? target.addRows(g, x, rows!, 'clip')
          : await back(g, x, target.addRows(g, target.toTemporalTokens(g, x, FRAMES), rows!, 'clip'))
      g.output('y', target.tokensToMatrix(g, y))
      const { y: actual } = await runGraph(g, { x: X, rows: perClip })
      expect(actual).toEqual(plus((clip, _, __, channel) => at(clip, channel)))
    }
  })

  test('that belong to a frame are added to each of its tokens in every clip', async () => {
    const perFrame = someTensor(8, [FRAMES, CHANNELS])
    const g = createGraph('rows')
    const rows = target.tokensFromMatrix(g, g.input('rows', perFrame.shape), 1)
    const x = spatial(g)
    const added = target.addRows(g, target.toTemporalTokens(g, x, FRAMES), rows, 'frame')
    g.output('y', target.tokensToMatrix(g, await back(g, x, added)))
    const expected = plus((_, frame, __, channel) => perFrame.data[frame * CHANNELS + channel]!)
    expect((await runGraph(g, { x: X, rows: perFrame }))['y']).toEqual(expected)
  })

  test('are added by the next norm, together with a bias and a residual', async () => {
    const given = { matrix: someTensor(2, [8, 8]), bias: someTensor(3, [8]) }
    const w = await storedWeights(given)
    const layer = { weight: w.tensor('matrix', [8, 8]), bias: w.tensor('bias', [8]) }
    for (const order of ['spatial', 'temporal'] as const) {
      for (const hasResidual of [true, false]) {
        const g = createGraph('rows')
        const [rows] = target.unpackTokens(g, g.input('rows', perClip.shape), WIDTHS, 1)
        const original = spatial(g)
        const x = order === 'spatial' ? original : target.toTemporalTokens(g, original, FRAMES)
        const made = target.linear(g, x, { ...layer, ...(hasResidual && { residual: x }) })
        const added = target.addRows(g, made, rows!, 'clip')
        const norm = { weight: layer.bias, bias: layer.bias, epsilon: 1e-5 }
        target.layerNorm(g, added, norm)
        expect(opCount(g, 'BiasAdd')).toBe(0)
        expect(opCount(g, 'SkipLayerNormalization') + opCount(g, 'LayerNormalization')).toBe(1)
        g.output('y', target.tokensToMatrix(g, order === 'spatial' ? added : await back(g, original, added)))
        const product = multiplyTransposed(X, given.matrix, given.bias)
        const rowsAdded = plus((clip, _, __, channel) => at(clip, channel))
        const data = product.data.map(
          (value, i) => value + (rowsAdded.data[i]! - X.data[i]!) + (hasResidual ? X.data[i]! : 0),
        )
        const { y } = await runGraph(g, { x: X, rows: perClip })
        expectClose(y!, { data, shape: X.shape }, { absolute: 4e-6 })
      }
    }
  })
})

test('blend weighs the spatial side by the sigmoid of its factor, or the temporal side if switched', async () => {
  const factor = 0.7
  const share = 1 / (1 + Math.exp(-factor))
  for (const switched of [false, true]) {
    const w = await storedWeights({ mix_factor: tensorOf([factor]) })
    const g = createGraph('blend')
    const x = spatial(g)
    const doubled = target.add(g, x, x)
    const y = target.blend(g, x, target.toTemporalTokens(g, doubled, FRAMES), bindMix(w, { switched }))
    g.output('y', target.tokensToMatrix(g, y))
    const temporal = switched ? share : 1 - share
    const data = X.data.map((value) => value * (1 - temporal) + 2 * value * temporal)
    expectClose((await runGraph(g, { x: X }))['y']!, { data, shape: X.shape }, { absolute: 2e-6 })
  }
})

test('blendedLinear runs one product for each side, and no node that weighs or transposes the blend', async () => {
  const given = { weight: someTensor(2, [8, 8]), bias: someTensor(3, [8]), mix_factor: tensorOf([0.7]) }
  const w = await storedWeights(given)
  const g = createGraph('blend')
  const x = spatial(g)
  const temporal = target.toTemporalTokens(g, x, FRAMES)
  const layer = { weight: w.tensor('weight', [8, 8]), bias: w.tensor('bias', [8]) }
  const y = target.blendedLinear(g, x, temporal, bindMix(w, { switched: false }), layer)
  g.output('y', target.tokensToMatrix(g, y))
  const prepared = preparationNodes(g)
  const renames = new Set(['Reshape', 'Identity'])
  const run = g.nodes.filter((node) => !prepared.has(node) && !renames.has(node.op)).map(({ op }) => op)
  expect(run).toEqual(['Transpose', 'FusedMatMul', 'FusedMatMul', 'Add', 'Add'])
})

describe('the bias of a linear layer on one row of tokens', () => {
  test('is added by the Gemm of the product, which rounds once', async () => {
    const given = { matrix: someTensor(2, [8, 8]), bias: someTensor(3, [8]) }
    const w = await storedWeights(given)
    const g = createGraph('row')
    const x = target.tokensFromMatrix(g, g.input('x', X.shape), 1)
    const layer = { weight: w.tensor('matrix', [8, 8]), bias: w.tensor('bias', [8]) }
    g.output('y', target.tokensToMatrix(g, target.linear(g, x, layer)))
    expect([opCount(g, 'Gemm'), opCount(g, 'FusedMatMul'), opCount(g, 'Add')]).toEqual([1, 0, 0])
    const { data, shape } = multiplyTransposed(X, given.matrix, given.bias)
    expectClose((await runGraph(g, { x: X }))['y']!, { data, shape }, { relativeToScale: 1e-6 })
  })
})

describe('the row of a single clip', () => {
  test('is added by the next norm, together with the biases of the layers around it', async () => {
    const given = { matrix: someTensor(2, [8, 8]), bias: someTensor(3, [8]) }
    const w = await storedWeights(given)
    const layer = { weight: w.tensor('matrix', [8, 8]), bias: w.tensor('bias', [8]) }
    const row = someTensor(4, [1, 8])
    for (const order of ['spatial', 'temporal'] as const) {
      const g = createGraph('row')
      const [rows] = target.unpackTokens(g, g.input('row', row.shape), [8], order === 'spatial' ? 1 : FRAMES)
      const original = target.tokensFromMatrix(g, g.input('x', X.shape), CLIPS * FRAMES)
      const x = order === 'spatial' ? original : target.toTemporalTokens(g, original, CLIPS * FRAMES)
      const made = target.linear(g, x, { ...layer, residual: target.addRows(g, x, rows!, 'clip') })
      target.layerNorm(g, made, { weight: layer.bias, bias: layer.bias, epsilon: 1e-5 })
      expect(opCount(g, 'SkipLayerNormalization')).toBe(1)
      // The sum of the two biases, of eight numbers, is the only addition.
      expect(g.nodes.filter(({ op }) => op === 'Add').map(({ outputs }) => outputs[0]?.shape)).toEqual([[8]])
      const whole = order === 'spatial' ? made : await back(g, original, made)
      g.output('y', target.tokensToMatrix(g, whole))
      const product = multiplyTransposed(X, given.matrix, given.bias)
      const data = product.data.map((value, i) => value + X.data[i]! + row.data[i % 8]!)
      expectClose(
        (await runGraph(g, { x: X, row }))['y']!,
        { data, shape: X.shape },
        { relativeToScale: 2e-6 },
      )
    }
  })
})
