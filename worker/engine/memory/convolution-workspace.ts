import type { Node } from '../../compiler/graph/graph.ts'
import { bytesOf } from '../../compiler/graph/value.ts'

/*
 * The most that cuDNN allocates while a float32 convolution runs. Its heuristics choose a plan by shape, compute
 * capability and TF32. x, y and w are the bytes of input, output and kernel:
 *
 *     sm_75, and later      Winograd   x + y + up to 3.8 w
 *     cards without TF32    FFT        x + y + tiles of 32 x 32 complex numbers, for many images or few channels
 *     sm_80 to sm_89        copies     x + w, x + y + w or x + 2 y + w; none for some of the largest
 *                           splits     x + w + up to 20 y, and up to 1.2 GiB, where y has few rows
 *     sm_90                 none       up to 3 MB
 *                           copies     x + y + w or x + w for temporal kernels and widths that are no multiple of 64
 *
 * Which of them a convolution takes follows no simple rule, so these are bounds. They were found with cuDNN 9.28.1, which
 * plans for a card's description: 6,670 convolutions of SVD-XT's networks, of 14 sizes from 64x64 to 1280x704 and up to
 * 25 frames, on T4, A10G, L4, L40S, A100, A30, H100, H200 and RTX 5090, with TF32 where the card has it. None takes more.
 * Nor does any of its networks at nine other sizes.
 *
 * The bounds do not hold in two cases. On sm_75, temporal kernels with 32 channels take up to 1.1 GB. On later cards
 * without TF32, small maps of 16x9 to 80x48 can take tens of gigabytes. Neither is in what `cuda-memory.slow.ts` runs.
 */

const MIB = 2 ** 20

/** A card, as far as it decides plans. */
export interface ConvolutionCard {
  /** 75 for sm_75. */
  readonly computeCapability: number
  /** Whether float32 is rounded to TF32 on tensor cores, as by default; false with NVIDIA_TF32_OVERRIDE=0. */
  readonly hasTf32: boolean
}

interface Convolution {
  /** Bytes of input, output and kernel. */
  readonly x: number
  readonly y: number
  readonly w: number
  readonly images: number
  /** Images times the height and width of the output. */
  readonly rows: number
  readonly channelsIn: number
  readonly channelsOut: number
  /** Height and width of the kernel, as 3x3. */
  readonly kernel: string
}

export const isFloat32Convolution = ({ op, inputs: [x] }: Node): boolean =>
  (op === 'Conv' || op === 'NhwcConv') && x?.dtype === 'float32'

/** x is [N, H, W, C], the kernel [K, R, S, C]. */
const convolutionOf = ({ inputs: [x, w], outputs: [y] }: Node): Convolution | null => {
  if (x == null || w == null || y === undefined) return null
  const [images = 1, ...outputSizes] = y.shape
  const [channelsOut = 1, ...kernelSizes] = w.shape
  const pixels = outputSizes.slice(0, -1).reduce((product, size) => product * size, 1)
  return {
    ...{ x: bytesOf(x), y: bytesOf(y), w: bytesOf(w), images, rows: images * pixels },
    ...{ channelsIn: kernelSizes.at(-1) ?? 1, channelsOut, kernel: kernelSizes.slice(0, -1).join('x') },
  }
}

/** A transform of 32 x 32 real numbers has 32 x 17 complex ones; two of each are in memory. */
const FFT_TILE_BYTES = 2 * 32 * 17 * 8
const FEWEST_FFT_IMAGES = 16
const FEWEST_FFT_ROWS = 2 ** 17
const FEW_CHANNELS = 8
const MOST_SMALL_FFT_KERNELS = 2 ** 16

const mayBeTransformed = ({ kernel, images, rows, channelsIn, channelsOut }: Convolution): boolean => {
  if (kernel !== '3x3') return false
  if (Math.min(channelsIn, channelsOut) <= FEW_CHANNELS) return true
  const isSmall = channelsIn * channelsOut <= MOST_SMALL_FFT_KERNELS
  return images >= FEWEST_FFT_IMAGES && (rows >= FEWEST_FFT_ROWS || isSmall)
}

/** sm_75, whose tensor cores have no TF32, and later cards where it is turned off. */
const withoutTf32 = (convolution: Convolution): number => {
  const { x, y, w, images, channelsIn, channelsOut } = convolution
  const winograd = x + y + 4 * w + 4 * MIB
  if (!mayBeTransformed(convolution)) return winograd
  return winograd + FFT_TILE_BYTES * (channelsIn * channelsOut + images * (channelsIn + channelsOut))
}

/** Convolutions of the decoder's largest maps, which decide its peak: they are never split, and their output not copied. */
const copiesInputAlone = ({ kernel, rows, channelsIn, channelsOut }: Convolution): boolean => {
  const mostChannels = kernel === '3x3' ? 256 : kernel === '3x1' ? 128 : 0
  const isWhole = channelsOut % 128 === 0 && channelsIn % 128 === 0
  return rows >= 2 ** 17 && channelsOut <= mostChannels && isWhole
}

const MOST_SPLITS = 20
const MOST_SPLIT_BYTES = 1280 * MIB

/** Products of so few rows are split into several, whose sums are added up. */
const mostSplitRows = ({ kernel, channelsOut }: Convolution): number => {
  if (channelsOut <= 256) return 2 ** 14
  return kernel === '3x1' ? 2 ** 16 : 2 ** 15
}

const ofAmpere = (convolution: Convolution): number => {
  const { x, y, w, rows, kernel } = convolution
  if (copiesInputAlone(convolution)) return x + w + MIB
  const copies = kernel === '3x1' ? 2 * y : y
  const splits = rows < mostSplitRows(convolution) ? Math.min(MOST_SPLITS * y, MOST_SPLIT_BYTES) : 0
  return x + 4 * w + Math.max(copies, splits) + 16 * MIB
}

const ofHopper = ({ x, y, w, kernel, channelsIn, channelsOut }: Convolution): number => {
  const isTemporal = kernel === '3x1'
  const isOutputCopied = (isTemporal && channelsOut > 256) || channelsIn % 64 !== 0 || channelsOut % 64 !== 0
  return (isOutputCopied ? x + y + w : isTemporal ? x + w : 0) + 4 * MIB
}

/** Bytes that no plan of this convolution exceeds. A card that is not known takes the most of all. */
export const mostConvolutionBytes = (node: Node, { computeCapability, hasTf32 }: ConvolutionCard): number => {
  const convolution = convolutionOf(node)
  if (convolution === null) return 0
  if (computeCapability === 75 || !hasTf32) return withoutTf32(convolution)
  if (computeCapability >= 80 && computeCapability < 90) return ofAmpere(convolution)
  if (computeCapability === 90) return ofHopper(convolution)
  return Math.max(withoutTf32(convolution), ofAmpere(convolution), ofHopper(convolution))
}
