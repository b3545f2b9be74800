import { describe, expect, test } from 'vitest'
import { createGraph, type Graph } from '../../../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../../../worker/compiler/graph/statistics.ts'
import type { Value } from '../../../../worker/compiler/graph/value.ts'
import { bindMix } from '../../../../worker/compiler/layers/parameters.ts'
import type { Images } from '../../../../worker/compiler/targets/target.ts'
import type { Tensor } from '../../../../worker/engine/tensor.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { FLOAT32_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { convolve2d, normalizeGroups, repeatPixels } from '../../../fixtures/plain-arithmetic.ts'
import { runGraph } from '../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../fixtures/stored-weights.ts'
import { drawUniform } from '../../../fixtures/uniform.ts'

const CLIPS = 2
const FRAMES = 3
const CHANNELS = 64
const SIZE = [5, 4] as const
const EPSILON = 0.01
const X = someTensor(1, [CLIPS * FRAMES, CHANNELS, ...SIZE])
const AFFINE = { weight: someTensor(2, [CHANNELS]), bias: someTensor(3, [CHANNELS]) }
const CLOSE = { absolute: 2e-5 }

const silu = (x: number): number => x / (1 + Math.exp(-x))
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

describe.each(FLOAT32_TARGETS)('target $name', (target) => {
  /** Runs `record` on X as images, with further inputs by name, and gives the resulting images in plain order. */
  const runOnImages = async (
    record: (g: Graph, x: Images, inputs: Readonly<Record<string, Value>>) => Images,
    given: Readonly<Record<string, Tensor>> = {},
  ): Promise<Tensor> => {
    const g = createGraph('images')
    const x = target.imagesFromNchw(g, g.input('x', X.shape), FRAMES)
    const inputs = Object.fromEntries(
      Object.entries(given).map(([name, { shape }]) => [name, g.input(name, shape)]),
    )
    g.output('y', target.imagesToNchw(g, record(g, x, inputs)))
    return (await runGraph(g, { x: X, ...given }))['y']!
  }

  test('counts clips and frames', () => {
    const g = createGraph('images')
    expect(target.imagesFromNchw(g, g.input('x', X.shape), FRAMES)).toMatchObject({
      kind: 'images',
      clips: CLIPS,
      frames: FRAMES,
      channels: CHANNELS,
      height: SIZE[0],
      width: SIZE[1],
    })
  })

  /** A mix whose temporal side is all: a blend then only brings tokens back. */
  const onlyTemporal = async () =>
    bindMix(await storedWeights({ mix_factor: { data: Float32Array.of(100), shape: [1] } }), {
      switched: true,
    })

  test('gives images back from clips as they were, and adds tokens and temporal tokens to their pixels', async () => {
    const there = await runOnImages((g, x) => target.toImages(g, target.toClips(g, x)))
    expect(there).toEqual(X)
    const doubled = { data: X.data.map((value) => 2 * value), shape: X.shape }
    const tokens = await runOnImages((g, x) => target.addTokens(g, x, target.toTokens(g, x)))
    expect(tokens).toEqual(doubled)
    const mix = await onlyTemporal()
    const temporal = await runOnImages((g, x) => {
      const spatial = target.toTokens(g, x)
      const byPixel = target.toTemporalTokens(g, spatial, FRAMES)
      expect(byPixel).toMatchObject({ rows: CLIPS * SIZE[0] * SIZE[1], length: FRAMES, channels: CHANNELS })
      return target.addTokens(g, x, target.blend(g, spatial, byPixel, mix))
    })
    expect(temporal).toEqual(doubled)
  })

  test('has one sequence of temporal tokens per pixel of a clip, frame after frame', async () => {
    const g = createGraph('tokens')
    const images = target.imagesFromNchw(g, g.input('x', X.shape), FRAMES)
    const temporal = target.toTemporalTokens(g, target.toTokens(g, images), FRAMES)
    g.output('tokens', target.tokensToMatrix(g, temporal))
    const { data } = (await runGraph(g, { x: X }))['tokens']!
    const pixels = SIZE[0] * SIZE[1]
    const length = FRAMES * CHANNELS
    const actual = Array.from({ length: CLIPS * pixels }, (_, i) => data.slice(i * length, (i + 1) * length))
    const expected = Array.from({ length: CLIPS * pixels }, (_, sequence) =>
      Float32Array.from({ length }, (_, i) => {
        const [clip, pixel] = [Math.floor(sequence / pixels), sequence % pixels]
        const [frame, channel] = [Math.floor(i / CHANNELS), i % CHANNELS]
        return X.data[((clip * FRAMES + frame) * CHANNELS + channel) * pixels + pixel]!
      }),
    )
    // A target chooses the order of the sequences.
    const sorted = (sequences: readonly ArrayLike<number>[]) =>
      sequences.map((sequence) => Array.from(sequence)).toSorted((a, b) => a[0]! - b[0]!)
    expect(sorted(actual)).toEqual(sorted(expected))
  })

  test('has one token per pixel, image after image', async () => {
    const g = createGraph('tokens')
    const tokens = target.toTokens(g, target.imagesFromNchw(g, g.input('x', X.shape), FRAMES))
    expect(tokens).toMatchObject({ rows: CLIPS * FRAMES, length: SIZE[0] * SIZE[1], channels: CHANNELS })
    g.output('tokens', target.tokensToMatrix(g, tokens))
    const results = await runGraph(g, { x: X })
    const pixels = SIZE[0] * SIZE[1]
    const [channel, image, pixel] = [7, 5, 13]
    const expected = X.data[(image * CHANNELS + channel) * pixels + pixel]!
    expect(results['tokens']!.data[(image * pixels + pixel) * CHANNELS + channel]).toBe(expected)
  })

  test('passes images to another graph in its own order', async () => {
    const first = createGraph('first')
    target.outputImages(first, 'images', target.imagesFromNchw(first, first.input('x', X.shape), FRAMES))
    const { images } = await runGraph(first, { x: X })
    const plain = createGraph('plain')
    target.imagesFromNchw(plain, plain.input('x', X.shape), FRAMES)
    const reordering = (graph: Graph) => graph.nodes.map(({ op }) => op).filter((op) => op !== 'Identity')
    expect(reordering(first)).toEqual(reordering(plain))
    const second = createGraph('second')
    const [height, width] = SIZE
    const size = { clips: CLIPS, frames: FRAMES, channels: CHANNELS, height, width }
    second.output('y', target.imagesToNchw(second, target.inputImages(second, 'images', size)))
    expect((await runGraph(second, { images: images! }))['y']).toEqual(X)
  })

  test("adds a clip's image to each of its frames", async () => {
    const perClip = someTensor(31, [CLIPS, CHANNELS, ...SIZE])
    const g = createGraph('outer')
    const frames = target.imagesFromNchw(g, g.input('x', [FRAMES, CHANNELS, ...SIZE]), FRAMES)
    const sum = target.addFramesToClips(g, frames, target.imagesFromNchw(g, g.input('c', perClip.shape), 1))
    expect(sum).toMatchObject({ clips: CLIPS, frames: FRAMES })
    g.output('y', target.imagesToNchw(g, sum))
    const size = CHANNELS * SIZE[0] * SIZE[1]
    const x = { data: X.data.slice(0, FRAMES * size), shape: [FRAMES, CHANNELS, ...SIZE] }
    const data = Float32Array.from({ length: CLIPS * FRAMES * size }, (_, i) => {
      const [clip, rest] = [Math.floor(i / (FRAMES * size)), i % size]
      return x.data[i % (FRAMES * size)]! + perClip.data[clip * size + rest]!
    })
    expect((await runGraph(g, { x, c: perClip }))['y']).toEqual({ data, shape: X.shape })
  })

  describe('group norm', () => {
    const groups = 32
    test.each(['none', 'silu'] as const)(
      'of images takes its statistics per image: %s',
      async (activation) => {
        const w = await storedWeights(AFFINE)
        const norm = { weight: w.tensor('weight', [CHANNELS]), bias: w.tensor('bias', [CHANNELS]) }
        const actual = await runOnImages((g, x) =>
          target.groupNorm(g, x, { ...norm, groups, epsilon: EPSILON, activation }),
        )
        const normalized = normalizeGroups(X, { ...AFFINE, groups, epsilon: EPSILON, framesTogether: 1 })
        const expected = activation === 'silu' ? normalized.map(silu) : normalized
        expectClose(actual, { data: expected, shape: X.shape }, CLOSE)
      },
    )

    test('keeps its precision for numbers that lie ten deviations from zero', async () => {
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
      'keeps its precision on a large map whose mean is %i deviations',
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

    test('of clips takes its statistics over all frames', async () => {
      const w = await storedWeights(AFFINE)
      const norm = { weight: w.tensor('weight', [CHANNELS]), bias: w.tensor('bias', [CHANNELS]) }
      const actual = await runOnImages((g, x) => {
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
    ] as const)('of $kind first adds a shift of $rows rows', async ({ kind, rows }) => {
      const w = await storedWeights(AFFINE)
      const norm = { weight: w.tensor('weight', [CHANNELS]), bias: w.tensor('bias', [CHANNELS]) }
      const shift = someTensor(4, [rows, CHANNELS])
      const actual = await runOnImages(
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

  describe('convolutions', () => {
    const kernel = { weight: someTensor(5, [32, CHANNELS, 3, 3]), bias: someTensor(6, [32]) }

    test.each([
      { stride: 1, padding: [1, 1, 1, 1] },
      { stride: 2, padding: [1, 1, 1, 1] },
      { stride: 2, padding: [0, 0, 1, 1] },
    ] as const)('stride $stride, padding $padding', async (options) => {
      const w = await storedWeights(kernel)
      const bound = { weight: w.tensor('weight', [32, CHANNELS, 3, 3]), bias: w.tensor('bias', [32]) }
      const actual = await runOnImages((g, x) => target.conv2d(g, x, { ...bound, ...options }))
      expectClose(actual, convolve2d(X, kernel.weight, kernel.bias, options), { relativeToScale: 1e-5 })
    })

    test('add a residual', async () => {
      const w = await storedWeights(kernel)
      const bound = { weight: w.tensor('weight', [32, CHANNELS, 3, 3]), bias: w.tensor('bias', [32]) }
      const residual = someTensor(7, [CLIPS * FRAMES, 32, ...SIZE])
      const options = { stride: 1, padding: [1, 1, 1, 1] } as const
      const actual = await runOnImages(
        (g, x, inputs) =>
          target.conv2d(g, x, {
            ...bound,
            ...options,
            residual: target.imagesFromNchw(g, inputs['residual']!, FRAMES),
          }),
        { residual },
      )
      const plain = convolve2d(X, kernel.weight, kernel.bias, options)
      const data = plain.data.map((value, i) => value + residual.data[i]!)
      expectClose(actual, { ...plain, data }, { relativeToScale: 1e-5 })
    })

    test.each([{ to: [10, 8] }, { to: [9, 8] }, { to: [10, 7] }, { to: [9, 7] }] as const)(
      'behind an upsampling to $to see each pixel twice',
      async ({ to: [height, width] }) => {
        const w = await storedWeights(kernel)
        const bound = { weight: w.tensor('weight', [32, CHANNELS, 3, 3]), bias: w.tensor('bias', [32]) }
        const actual = await runOnImages((g, x) => target.upsampleConv2d(g, x, height, width, bound))
        const large = repeatPixels(X, height, width)
        const expected = convolve2d(large, kernel.weight, kernel.bias, { stride: 1, padding: [1, 1, 1, 1] })
        expectClose(actual, expected, { relativeToScale: 1e-5 })
      },
    )

    test('behind a doubling count as much work as the reference does, in all', () => {
      const g = createGraph('upsample')
      const x = target.imagesFromNchw(g, g.input('x', X.shape), FRAMES)
      const stored = { dtype: 'float32', offsetBytes: 0, stored: null } as const
      const bound = {
        weight: { ...stored, key: 'weight', shape: [32, CHANNELS, 3, 3] },
        bias: { ...stored, key: 'bias', shape: [32] },
      }
      target.upsampleConv2d(g, x, 10, 8, bound)
      const { flops, avoidedFlops } = statisticsOf(g)
      const reference = 2 * (CLIPS * FRAMES * 32 * 10 * 8) * (CHANNELS * 9)
      expect(flops + sum(Object.values(avoidedFlops))).toBe(reference)
    })

    test.each([false, true])(
      'over time see the frames before and after, within a clip; blended: %s',
      async (blended) => {
        const temporal = {
          weight: someTensor(8, [CHANNELS, CHANNELS, 3, 1, 1]),
          bias: someTensor(9, [CHANNELS]),
        }
        const factor = 0.25
        const mixFactor = { data: Float32Array.of(Math.log(factor / (1 - factor))), shape: [1] }
        const w = await storedWeights({ ...temporal, mix_factor: mixFactor })
        const bound = {
          weight: w.tensor('weight', temporal.weight.shape),
          bias: w.tensor('bias', temporal.bias.shape),
        }
        const actual = await runOnImages((g, x) => {
          const clips = target.toClips(g, x)
          const blend = { mix: bindMix(w, { switched: true }), residual: clips }
          return target.toImages(g, target.temporalConv(g, clips, blended ? { ...bound, blend } : bound))
        })
        const pixels = SIZE[0] * SIZE[1]
        const at = (clip: number, frame: number, channel: number, pixel: number): number =>
          frame < 0 || frame >= FRAMES
            ? 0
            : X.data[((clip * FRAMES + frame) * CHANNELS + channel) * pixels + pixel]!
        const data = Array.from(X.data, (value, i) => {
          const [pixel, channel] = [i % pixels, Math.floor(i / pixels) % CHANNELS]
          const image = Math.floor(i / (pixels * CHANNELS))
          const [clip, frame] = [Math.floor(image / FRAMES), image % FRAMES]
          let result = temporal.bias.data[channel]!
          for (let from = 0; from < CHANNELS; from++)
            for (const tap of [0, 1, 2])
              result +=
                at(clip, frame + tap - 1, from, pixel) *
                temporal.weight.data[(channel * CHANNELS + from) * 3 + tap]!
          return blended ? value + factor * result : result
        })
        expectClose(actual, { data, shape: X.shape }, { relativeToScale: 1e-5 })
      },
    )
  })

  test('convolutions over time give a row of a large image what they give it alone', async () => {
    const [frames, channels, height, width] = [3, 32, 128, 96]
    const large = someTensor(20, [frames, channels, height, width])
    const temporal = {
      weight: someTensor(21, [channels, channels, 3, 1, 1]),
      bias: someTensor(22, [channels]),
    }
    const w = await storedWeights(temporal)
    const bound = {
      weight: w.tensor('weight', temporal.weight.shape),
      bias: w.tensor('bias', temporal.bias.shape),
    }
    const overTime = async (x: Tensor): Promise<Tensor> => {
      const g = createGraph('clip')
      const clip = target.toClips(g, target.imagesFromNchw(g, g.input('x', x.shape), frames))
      g.output('y', target.imagesToNchw(g, target.toImages(g, target.temporalConv(g, clip, bound))))
      return (await runGraph(g, { x }))['y']!
    }
    const rowOf = ({ data }: Tensor, row: number): Tensor => ({
      data: Float32Array.from({ length: frames * channels * width }, (_, i) => {
        const [map, column] = [Math.floor(i / width), i % width]
        return data[(map * height + row) * width + column]!
      }),
      shape: [frames, channels, 1, width],
    })
    const y = await overTime(large)
    for (const row of [0, 63, 64, 65, height - 1])
      expectClose(rowOf(y, row), await overTime(rowOf(large, row)), { relativeToScale: 1e-6 })
  })

  test('takes images in pieces where their maps are large, and joins the results', async () => {
    const seen: number[] = []
    const actual = await runOnImages((g, x) => {
      const y = target.inImagePieces(g, x, 2 ** 30, (piece) => {
        expect(piece).toMatchObject({ clips: 1, channels: CHANNELS })
        seen.push(piece.frames)
        return target.addTokens(g, piece, target.toTokens(g, piece))
      })
      expect(y).toMatchObject({ clips: CLIPS, frames: FRAMES })
      return y
    })
    expect(seen).toEqual([1, 1, 1, 1, 1, 1])
    expect(actual).toEqual({ data: X.data.map((value) => 2 * value), shape: X.shape })
  })

  test('takes images at once where their maps are small', () => {
    const g = createGraph('images')
    const x = target.imagesFromNchw(g, g.input('x', X.shape), FRAMES)
    expect(target.inImagePieces(g, x, 1, (piece) => piece)).toBe(x)
  })

  test('joins the channels of images, first to last', async () => {
    const other = someTensor(10, [CLIPS * FRAMES, 32, ...SIZE])
    const actual = await runOnImages(
      (g, x, inputs) => target.concatChannels(g, x, target.imagesFromNchw(g, inputs['other']!, FRAMES)),
      { other },
    )
    const [own, others] = [X, other].map(({ data }) => data.length / (CLIPS * FRAMES)) as [number, number]
    const data = Array.from({ length: CLIPS * FRAMES }, (_, i) => [
      ...X.data.subarray(i * own, (i + 1) * own),
      ...other.data.subarray(i * others, (i + 1) * others),
    ]).flat()
    expect(actual).toEqual({ data: Float32Array.from(data), shape: [CLIPS * FRAMES, CHANNELS + 32, ...SIZE] })
  })
})
