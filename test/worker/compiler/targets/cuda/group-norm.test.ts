import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../../worker/compiler/graph/graph.ts'
import { withoutUnused } from '../../../../../worker/compiler/graph/without-unused.ts'
import { cudaTarget } from '../../../../../worker/compiler/targets/cuda/cuda.ts'
import type { Images, Target } from '../../../../../worker/compiler/targets/target.ts'
import type { Tensor } from '../../../../../worker/engine/tensor.ts'
import { expectClose } from '../../../../fixtures/close.ts'
import { convolve2d, normalizeGroups, plainSilu } from '../../../../fixtures/plain-arithmetic.ts'
import { runGraph } from '../../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../../fixtures/stored-weights.ts'

const target: Target = cudaTarget('float32')
const [CLIPS, FRAMES, SIZE, EPSILON] = [2, 3, [3, 2], 0.01] as const
const CLOSE = { relativeToScale: 4e-6 }

const opsOf = (g: Graph, ...ops: readonly string[]): readonly string[] =>
  withoutUnused(g)
    .nodes.map(({ op }) => op)
    .filter((op) => ops.includes(op))

interface Case {
  readonly channels: number
  readonly hasResidual?: boolean
  readonly hasBias?: boolean
  readonly shiftRows?: number
  readonly kind?: 'images' | 'clips'
}

/** A convolution, then a group norm with SiLU of its result; both are outputs. */
const record = async ({
  channels,
  hasResidual = false,
  hasBias = true,
  shiftRows = 0,
  kind = 'images',
}: Case) => {
  const shape = [CLIPS * FRAMES, channels, ...SIZE]
  const given = {
    kernel: someTensor(1, [channels, channels, 3, 3]),
    bias: someTensor(2, [channels]),
    weight: someTensor(3, [channels]),
    beta: someTensor(4, [channels]),
  }
  const inputs = {
    x: someTensor(5, shape),
    ...(shiftRows > 0 && { shift: someTensor(6, [shiftRows, channels]) }),
  }
  const w = await storedWeights(given)
  const g = createGraph('norm')
  const x = target.imagesFromNchw(g, g.input('x', shape), FRAMES)
  const shift =
    shiftRows === 0 ? null : target.tokensFromMatrix(g, g.input('shift', [shiftRows, channels]), 1)
  const made = target.conv2d(g, x, {
    weight: w.tensor('kernel', given.kernel.shape),
    bias: hasBias ? w.tensor('bias', [channels]) : null,
    stride: 1,
    padding: [1, 1, 1, 1],
    ...(hasResidual && { residual: x }),
  })
  const norm = {
    weight: w.tensor('weight', [channels]),
    bias: w.tensor('beta', [channels]),
    groups: 32,
    epsilon: EPSILON,
    activation: 'silu',
    shift,
  } as const
  const normalized: Images =
    kind === 'images'
      ? target.groupNorm(g, made, norm)
      : target.toImages(g, target.groupNorm(g, target.toClips(g, made), norm))
  g.output('y', target.imagesToNchw(g, normalized))

  const zeros = { data: new Float32Array(channels), shape: [channels] }
  const conv = convolve2d(inputs.x, given.kernel, hasBias ? given.bias : zeros, {
    stride: 1,
    padding: [1, 1, 1, 1],
  })
  const sum = conv.data.map((value, i) => value + (hasResidual ? inputs.x.data[i]! : 0))
  const pixels = SIZE[0] * SIZE[1]
  const items = kind === 'clips' ? CLIPS : CLIPS * FRAMES
  const shifted = sum.map((value, i) => {
    const [image, channel] = [Math.floor(i / (channels * pixels)), Math.floor(i / pixels) % channels]
    const row = Math.floor((image * items) / (CLIPS * FRAMES) / (items / Math.max(1, shiftRows)))
    return value + (inputs.shift?.data[row * channels + channel] ?? 0)
  })
  const plain = normalizeGroups(
    { data: Float32Array.from(shifted), shape },
    {
      ...{ weight: given.weight, bias: given.beta, groups: 32, epsilon: EPSILON },
      framesTogether: kind === 'clips' ? FRAMES : 1,
    },
  ).map(plainSilu)
  const expected: Readonly<Record<'sum' | 'y', Tensor>> = {
    sum: { data: Float32Array.from(sum), shape },
    y: { data: Float32Array.from(plain), shape },
  }
  return { g, made, inputs, expected }
}

const NORMS = ['GroupNorm', 'SkipGroupNorm', 'Add', 'BiasAdd']

describe('groupNorm of the CUDA target', () => {
  test.each([
    ['nothing', { hasBias: false }, ['GroupNorm']],
    ['a bias', {}, ['SkipGroupNorm']],
    ['a residual', { hasBias: false, hasResidual: true }, ['SkipGroupNorm']],
    ['bias and residual', { hasResidual: true }, ['SkipGroupNorm']],
    ['bias and shift', { shiftRows: 1 }, ['SkipGroupNorm']],
    ['a shift', { hasBias: false, shiftRows: CLIPS * FRAMES }, ['SkipGroupNorm']],
    ['a shift for each clip', { shiftRows: CLIPS }, ['SkipGroupNorm']],
    [
      'a shift after a residual, whose sum is computed first',
      { hasResidual: true, shiftRows: 1 },
      ['BiasAdd', 'SkipGroupNorm'],
    ],
  ] as const)('makes the additions before it in its own node where it can: %s', async (_, options, ops) => {
    for (const kind of ['images', 'clips'] as const) {
      if (kind === 'clips' && 'shiftRows' in options && options.shiftRows > CLIPS) continue
      const { g, inputs, expected } = await record({ channels: 64, kind, ...options })
      expect(opsOf(g, ...NORMS)).toEqual(ops)
      expectClose((await runGraph(withoutUnused(g), inputs))['y']!, expected.y, CLOSE)
    }
  })

  test.each([{}, { hasResidual: true }, { hasBias: false, hasResidual: true }])(
    'shares the sum that it computed with later readers: %j',
    async (options) => {
      const { g, made, inputs, expected } = await record({ channels: 64, ...options })
      g.output('sum', target.imagesToNchw(g, made))
      target.groupNorm(g, made, {
        weight: (await storedWeights({ w: someTensor(1, [64]) })).tensor('w', [64]),
        bias: (await storedWeights({ b: someTensor(1, [64]) })).tensor('b', [64]),
        ...{ groups: 32, epsilon: EPSILON, activation: 'none' },
      })
      // The second norm reads the sum too, and so has nothing to add.
      expect(g.nodes.map(({ op }) => op).filter((op) => NORMS.includes(op))).toEqual([
        'SkipGroupNorm',
        'GroupNorm',
      ])
      const { sum, y } = await runGraph(withoutUnused(g), inputs)
      expectClose(sum!, expected.sum, CLOSE)
      expectClose(y!, expected.y, CLOSE)
    },
  )

  test('leaves a shift out of the sum that later readers get', async () => {
    const { g, made, inputs, expected } = await record({ channels: 64, shiftRows: 1 })
    g.output('sum', target.imagesToNchw(g, made))
    expectClose((await runGraph(withoutUnused(g), inputs))['sum']!, expected.sum, CLOSE)
  })

  test('reads the sum if another reader had it computed', async () => {
    const g = createGraph('read')
    const w = await storedWeights({ weight: someTensor(3, [64]), beta: someTensor(4, [64]) })
    const x = target.imagesFromNchw(g, g.input('x', [6, 64, ...SIZE]), FRAMES)
    const conv = target.conv2d(g, x, {
      weight: (await storedWeights({ k: someTensor(1, [64, 64, 3, 3]) })).tensor('k', [64, 64, 3, 3]),
      bias: w.tensor('beta', [64]),
      ...{ stride: 1, padding: [1, 1, 1, 1] },
    })
    g.output('sum', target.imagesToNchw(g, conv))
    const norm = { weight: w.tensor('weight', [64]), bias: w.tensor('beta', [64]), groups: 32 } as const
    target.groupNorm(g, conv, { ...norm, epsilon: EPSILON, activation: 'none' })
    expect(g.nodes.map(({ op }) => op).filter((op) => NORMS.includes(op))).toEqual(['Add', 'GroupNorm'])
  })

  describe.each([32, 96, 160])(
    'with %i channels, an odd number in each group, consists of reductions',
    (channels) => {
      test.each([
        ['nothing', { hasBias: false }],
        ['bias and residual', { hasResidual: true }],
        ['bias and shift', { shiftRows: 1 }],
        ['a residual and a shift for each clip', { hasResidual: true, shiftRows: CLIPS }],
      ])('after %s', async (_, options) => {
        for (const kind of ['images', 'clips'] as const) {
          const { g, inputs, expected } = await record({ channels, kind, ...options })
          expect(opsOf(g, 'GroupNorm', 'SkipGroupNorm')).toEqual([])
          expect(opsOf(g, 'ReduceMean')).toHaveLength(4)
          expectClose((await runGraph(withoutUnused(g), inputs))['y']!, expected.y, CLOSE)
        }
      })
    },
  )
})
