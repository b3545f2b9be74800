import { createGraph, type Graph } from '../../worker/compiler/graph/graph.ts'
import type { Value } from '../../worker/compiler/graph/value.ts'
import { cast, mul } from '../../worker/compiler/ops/elementwise.ts'
import { slice } from '../../worker/compiler/ops/shape.ts'

/*
 * Graphs of single nodes, which say what a card gives at best. Inputs of a session are float32 and come from the host,
 * so that large float16 tensors are expanded on the card from small ones.
 */

const half = (shape: readonly number[]) => ({ shape, dtype: 'float16' }) as const

const one = ([value]: readonly Value[]): Value => {
  if (value === undefined) throw new TypeError('the node has no output')
  return value
}

/** A float16 tensor of this shape, whose first axis repeats one drawn item. */
const repeatedItem = (g: Graph, name: string, shape: readonly number[]): Value => {
  const item = cast(g, g.input(name, [1, ...shape.slice(1)]), 'float16')
  const sizes = g.inline(BigInt64Array.from(shape, BigInt), [shape.length])
  return one(g.node({ op: 'Expand', inputs: [item, sizes], outputs: [half(shape)] }))
}

/** The first number alone leaves the card. */
const outputFirst = (g: Graph, name: string, value: Value): void => {
  const first = value.shape.reduce((x, _, axis) => slice(g, x, axis, 0, 1), value)
  g.output(name, cast(g, first, 'float32'))
}

export interface Frames {
  readonly frames: number
  readonly height: number
  readonly width: number
}

/** GroupNorm over all frames of a clip at full resolution, [1, F, H·W, 128], beside the same bytes copied. */
export const temporalGroupNormGraph = ({ frames, height, width }: Frames): Graph => {
  const g = createGraph('temporal_group_norm')
  const channels = 128
  const shape = [1, frames, height * width, channels]
  // One pixel, repeated: the kernel reads and writes the same bytes whatever they are.
  const pixel = cast(g, g.input('pixel', [1, 1, 1, channels]), 'float16')
  const sizes = g.inline(BigInt64Array.from(shape, BigInt), [4])
  const x = one(g.node({ op: 'Expand', inputs: [pixel, sizes], outputs: [half(shape)] }))
  const scale = g.inline(new Float32Array(channels).fill(1), [channels])
  const shift = g.inline(new Float32Array(channels), [channels])
  const normal = g.within('reference', () =>
    one(
      g.node({
        op: 'GroupNorm',
        domain: 'com.microsoft',
        inputs: [x, scale, shift],
        outputs: [half(shape)],
        attributes: { groups: 32, activation: 1, epsilon: { float: 1e-5 }, channels_last: 1 },
      }),
    ),
  )
  outputFirst(g, 'first_normal', normal)
  const unit = g.inline(Uint16Array.of(0x3c00), [1])
  outputFirst(
    g,
    'first_copied',
    g.within('reference', () => mul(g, x, unit)),
  )
  return g
}

/** A 3x3 convolution of the UNet's first level: 320 channels, both passes of 25 frames. */
export const convolutionGraph = (): Graph => {
  const g = createGraph('convolution')
  const [images, height, width, channels] = [50, 72, 128, 320]
  const x = repeatedItem(g, 'image', [images, height, width, channels])
  const bits = Uint16Array.from({ length: channels * 9 * channels }, (_, i) => 0x2000 + ((i * 7919) % 2048))
  const weight = g.inline(bits, [channels, 3, 3, channels])
  const y = g.within('reference', () =>
    one(
      g.node({
        op: 'NhwcConv',
        domain: 'com.microsoft',
        inputs: [x, weight],
        outputs: [half(x.shape)],
        attributes: {
          kernel_shape: [3, 3],
          pads: [1, 1, 1, 1],
          strides: [1, 1],
          dilations: [1, 1],
          group: 1,
        },
        flops: 2 * images * height * width * channels * 9 * channels,
      }),
    ),
  )
  outputFirst(g, 'first', y)
  return g
}

/** A square product of the size at which cards reach most. */
export const productGraph = (size: number): Graph => {
  const g = createGraph('product')
  const [a, b] = [g.input('a', [size, size]), g.input('b', [size, size])].map((x) => cast(g, x, 'float16'))
  const y = g.within('reference', () =>
    one(
      g.node({
        op: 'FusedMatMul',
        domain: 'com.microsoft',
        inputs: [a ?? null, b ?? null],
        outputs: [half([size, size])],
        attributes: { transB: 1 },
        flops: 2 * size ** 3,
      }),
    ),
  )
  outputFirst(g, 'first', y)
  return g
}
