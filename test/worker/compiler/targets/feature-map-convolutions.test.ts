import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../../../worker/compiler/graph/statistics.ts'
import { bindMix } from '../../../../worker/compiler/layers/parameters.ts'
import type { Tensor } from '../../../../worker/engine/tensor.ts'
import { expectClose } from '../../../fixtures/close.ts'
import { FLOAT32_TARGETS } from '../../../fixtures/cpu-targets.ts'
import { convolve2d, repeatPixels } from '../../../fixtures/plain-arithmetic.ts'
import { runGraph } from '../../../fixtures/run-graph.ts'
import { someTensor, storedWeights } from '../../../fixtures/stored-weights.ts'
import { CHANNELS, CLIPS, FRAMES, runOnImages, SIZE, X } from './some-images.ts'

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

describe.each(FLOAT32_TARGETS)('for target $name,', (target) => {
  describe('a convolution', () => {
    const kernel = { weight: someTensor(5, [32, CHANNELS, 3, 3]), bias: someTensor(6, [32]) }

    test.each([
      { stride: 1, padding: [1, 1, 1, 1] },
      { stride: 2, padding: [1, 1, 1, 1] },
      { stride: 2, padding: [0, 0, 1, 1] },
    ] as const)('equals plain convolution with stride $stride and padding $padding', async (options) => {
      const w = await storedWeights(kernel)
      const bound = { weight: w.tensor('weight', [32, CHANNELS, 3, 3]), bias: w.tensor('bias', [32]) }
      const actual = await runOnImages(target, (g, x) => target.conv2d(g, x, { ...bound, ...options }))
      expectClose(actual, convolve2d(X, kernel.weight, kernel.bias, options), { relativeToScale: 1e-5 })
    })

    test('adds a residual', async () => {
      const w = await storedWeights(kernel)
      const bound = { weight: w.tensor('weight', [32, CHANNELS, 3, 3]), bias: w.tensor('bias', [32]) }
      const residual = someTensor(7, [CLIPS * FRAMES, 32, ...SIZE])
      const options = { stride: 1, padding: [1, 1, 1, 1] } as const
      const actual = await runOnImages(
        target,
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
      'after an upsampling to $to reads each pixel twice',
      async ({ to: [height, width] }) => {
        const w = await storedWeights(kernel)
        const bound = { weight: w.tensor('weight', [32, CHANNELS, 3, 3]), bias: w.tensor('bias', [32]) }
        const actual = await runOnImages(target, (g, x) => target.upsampleConv2d(g, x, height, width, bound))
        const large = repeatPixels(X, height, width)
        const expected = convolve2d(large, kernel.weight, kernel.bias, { stride: 1, padding: [1, 1, 1, 1] })
        expectClose(actual, expected, { relativeToScale: 1e-5 })
      },
    )

    test('after an upsampling to twice the size counts the FLOPs of the reference, avoided ones included', () => {
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
      'over time reads the frames before and after, within a clip; blended: %s',
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
        const actual = await runOnImages(target, (g, x) => {
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

  test('a convolution over time gives a row of a large image the same result as that row alone', async () => {
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
})
