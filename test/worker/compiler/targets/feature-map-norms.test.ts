import { describe, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { FLOAT32_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { normalizeGroups } from '../../../fixtures/plain-arithmetic.ts'
import { runGraph } from '../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../fixtures/stored-weights.ts'
import { drawUniform } from '../../../fixtures/uniform.ts'
import { CHANNELS, CLIPS, FRAMES, runOnImages, SIZE, X } from './some-images.ts'

const EPSILON = 0.01
const AFFINE = { weight: someTensor(2, [CHANNELS]), bias: someTensor(3, [CHANNELS]) }
const CLOSE = { absolute: 2e-5 }

const silu = (x: number): number => x / (1 + Math.exp(-x))

describe.each(FLOAT32_TARGETS)('for target $name,', (target) => {
  describe('a group norm', () => {
    const groups = 32
    test.each(['none', 'silu'] as const)(
      'of images normalizes each image, with activation %s',
      async (activation) => {
        const w = await storedWeights(AFFINE)
        const norm = { weight: w.tensor('weight', [CHANNELS]), bias: w.tensor('bias', [CHANNELS]) }
        const actual = await runOnImages(target, (g, x) =>
          target.groupNorm(g, x, { ...norm, groups, epsilon: EPSILON, activation }),
        )
        const normalized = normalizeGroups(X, { ...AFFINE, groups, epsilon: EPSILON, framesTogether: 1 })
        const expected = activation === 'silu' ? normalized.map(silu) : normalized
        expectClose(actual, { data: expected, shape: X.shape }, CLOSE)
      },
    )

    test('keeps its precision for numbers that are ten deviations from zero', async () => {
      const w = await storedWeights(AFFINE)
      const norm = { weight: w.tensor('weight', [CHANNELS]), bias: w.tensor('bias', [CHANNELS]) }
      const g = createGraph('far')
      const far = { data: X.data.map((value) => value + 5.8), shape: X.shape }
      const x = target.imagesFromNchw(g, g.input('x', X.shape), FRAMES)
      const options = { ...norm, groups, epsilon: 1e-6, activation: 'none' } as const
      g.output('y', target.imagesToNchw(g, target.groupNorm(g, x, options)))
      const data = normalizeGroups(far, { ...AFFINE, groups, epsilon: 1e-6, framesTogether: 1 })
      expectClose((await runGraph(g, { x: far }))['y']!, { data, shape: X.shape }, { relativeToScale: 1e-4 })
    })

    test.each([1, 10, 100])(
      'keeps its precision on a large map whose mean is %i deviation(s) from zero',
      async (mean) => {
        const [height, width] = [72, 128]
        const shape = [1, CHANNELS, height, width]
        const spread = Math.sqrt(12)
        const numbers = drawUniform(mean, CHANNELS * height * width)
        const far = { data: numbers.map((u) => (u - 0.5) * spread + mean), shape }
        const w = await storedWeights(AFFINE)
        const norm = { weight: w.tensor('weight', [CHANNELS]), bias: w.tensor('bias', [CHANNELS]) }
        const g = createGraph('large')
        const options = { ...norm, groups: CHANNELS, epsilon: 1e-6, activation: 'none' } as const
        const x = target.imagesFromNchw(g, g.input('x', shape), 1)
        g.output('y', target.imagesToNchw(g, target.groupNorm(g, x, options)))
        const data = normalizeGroups(far, { ...AFFINE, groups: CHANNELS, epsilon: 1e-6, framesTogether: 1 })
        expectClose((await runGraph(g, { x: far }))['y']!, { data, shape }, { relativeToScale: 5e-5 })
      },
    )

    test('of clips normalizes all frames together', async () => {
      const w = await storedWeights(AFFINE)
      const norm = { weight: w.tensor('weight', [CHANNELS]), bias: w.tensor('bias', [CHANNELS]) }
      const actual = await runOnImages(target, (g, x) => {
        const clips = target.toClips(g, x)
        const options = { ...norm, groups, epsilon: EPSILON, activation: 'none' } as const
        return target.toImages(g, target.groupNorm(g, clips, options))
      })
      const data = normalizeGroups(X, { ...AFFINE, groups, epsilon: EPSILON, framesTogether: FRAMES })
      expectClose(actual, { data, shape: X.shape }, CLOSE)
    })

    test.each([
      { kind: 'images', rows: 1 },
      { kind: 'images', rows: CLIPS },
      { kind: 'clips', rows: 1 },
      { kind: 'clips', rows: CLIPS },
    ] as const)('of $kind first adds a shift of $rows row(s)', async ({ kind, rows }) => {
      const w = await storedWeights(AFFINE)
      const norm = { weight: w.tensor('weight', [CHANNELS]), bias: w.tensor('bias', [CHANNELS]) }
      const shift = someTensor(4, [rows, CHANNELS])
      const actual = await runOnImages(
        target,
        (g, x, inputs) => {
          const options = {
            ...norm,
            groups,
            epsilon: EPSILON,
            activation: 'none',
            shift: target.tokensFromMatrix(g, inputs['shift']!, 1),
          } as const
          return kind === 'images'
            ? target.groupNorm(g, x, options)
            : target.toImages(g, target.groupNorm(g, target.toClips(g, x), options))
        },
        { shift },
      )
      const pixels = SIZE[0] * SIZE[1]
      const shifted = X.data.map((value, i) => {
        const channel = Math.floor(i / pixels) % CHANNELS
        const clip = Math.floor(i / (pixels * CHANNELS * FRAMES))
        return value + shift.data[(rows === 1 ? 0 : clip * CHANNELS) + channel]!
      })
      const framesTogether = kind === 'images' ? 1 : FRAMES
      const plain = { ...AFFINE, groups, epsilon: EPSILON, framesTogether }
      expectClose(
        actual,
        { data: normalizeGroups({ data: shifted, shape: X.shape }, plain), shape: X.shape },
        CLOSE,
      )
    })
  })
})
