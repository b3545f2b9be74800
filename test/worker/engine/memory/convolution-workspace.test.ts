import { describe, expect, test } from 'vitest'
import type { Node } from '../../../../worker/compiler/graph/graph.ts'
import type { Value } from '../../../../worker/compiler/graph/value.ts'
import { mostConvolutionBytes } from '../../../../worker/engine/memory/convolution-workspace.ts'

type Shape = readonly [images: number, height: number, width: number, channels: number]

const float32 = (name: string, shape: readonly number[]): Value => ({ name, dtype: 'float32', shape })

/** A convolution whose padding keeps height and width. */
const convolution = (
  [images, height, width, channels]: Shape,
  kernel: string,
  channelsOut: number,
): Node => ({
  ...{ op: 'NhwcConv', domain: 'com.microsoft', name: 'convolution', attributes: {}, flops: 0 },
  inputs: [
    float32('x', [images, height, width, channels]),
    float32('w', [channelsOut, ...kernel.split('x').map(Number), channels]),
  ],
  outputs: [float32('y', [images, height, width, channelsOut])],
})

const CARDS = [
  { card: 't4', computeCapability: 75, hasTf32: true },
  { card: 'a100', computeCapability: 80, hasTf32: true },
  { card: 'a10g', computeCapability: 86, hasTf32: true },
  { card: 'l4', computeCapability: 89, hasTf32: true },
  { card: 'h100', computeCapability: 90, hasTf32: true },
  { card: 'a100 without TF32', computeCapability: 80, hasTf32: false },
  { card: 'h100 without TF32', computeCapability: 90, hasTf32: false },
]

/*
 * Workspaces of the plans that cuDNN 9.28.1 makes first for these GPUs, in their order, from the descriptions in
 * `test/cuda/stand-in/card.c`. `null` if it has no plan. The convolutions are of SVD-XT's networks, the last one is of the demo's. Read on 2026-11-30.
 */
const PLANNED: readonly (readonly [Shape, string, number, readonly (number | null)[]])[] = [
  [[1, 72, 128, 512], '3x3', 512, [73402384, 28311568, 28311568, 47185936, 131, 73402384, 47185936]],
  [[1, 1, 9216, 512], '3x1', 512, [0, 40894480, 22020112, 305154223, 131, 0, 40894480]],
  [[1, 144, 256, 512], '2x3', 1024, [221312, 88080400, 239075344, 239093935, 131, 0, 239075344]],
  [[4, 288, 512, 512], '3x3', 256, [1829766160, 1212678160, 0, 1212678160, 131, 1829766160, 1816657936]],
  [
    ...([[4, 576, 1024, 256] as const, '3x3', 128] as const),
    [3628335632, 2417098768, 2417098768, 2417098768, 131, 3628335632, 3625058320],
  ],
  [[1, 4, 589824, 128], '3x1', 128, [14155904, 1208156176, 1208156176, 0, 131, 2416117264, 0]],
  [[1, 2, 10240, 512], '3x1', 512, [123008, 45088784, 45088784, 45088784, 87031824, null, 87031824]],
  [[2, 2, 14080, 320], '3x1', 320, [169088, 73318416, 73318416, 1284503055, 131, 0, 145408016]],
  [
    ...([[50, 72, 128, 960] as const, '3x3', 320] as const),
    [4264345616, 1780531216, 1780531216, 1780531216, 131, 4264345616, 2370355216],
  ],
  [[50, 72, 128, 320], '3x3', 8, [55424, 589916176, 604661776, 604661776, 131, 605409328, 604661776]],
  [[8, 40, 64, 8], '3x3', 512, [15488, 802832, 802832, 802832, 802832, 43157520, 42745872]],
  [
    ...([[64, 40, 64, 96] as const, '3x3', 96] as const),
    [127082896, 63246352, 63246352, 126160912, 63246352, 273223696, 126160912],
  ],
]

describe('the most that cuDNN allocates for a float32 convolution', () => {
  test.each(CARDS.map((card, index) => ({ ...card, index })))(
    'is at least what cuDNN plans on $card',
    ({ index, ...card }) => {
      for (const [shape, kernel, channelsOut, planned] of PLANNED) {
        const most = mostConvolutionBytes(convolution(shape, kernel, channelsOut), card)
        expect(most, `${shape} by ${kernel} to ${channelsOut}`).toBeGreaterThanOrEqual(planned[index] ?? 0)
      }
    },
  )

  test('is within 10 MB of the plan for the convolution that decides the peak of a decoder', () => {
    const [shape, kernel, channelsOut, planned] = PLANNED[4]!
    for (const [index, card] of CARDS.entries()) {
      const most = mostConvolutionBytes(convolution(shape, kernel, channelsOut), card)
      expect(most - (planned[index] ?? 0), card.card).toBeLessThan(10e6)
    }
  })

  test('is, on an unknown GPU, the most of all known GPUs', () => {
    for (const [shape, kernel, channelsOut] of PLANNED) {
      const node = convolution(shape, kernel, channelsOut)
      const ofKnown = CARDS.map((card) => mostConvolutionBytes(node, card))
      expect(mostConvolutionBytes(node, { computeCapability: 100, hasTf32: true })).toBe(Math.max(...ofKnown))
    }
  })
})
