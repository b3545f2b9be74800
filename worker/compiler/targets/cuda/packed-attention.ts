import { elementCount } from '../../../checkpoint/element-count.ts'
import type { Graph } from '../../graph/graph.ts'
import type { DType, Value } from '../../graph/value.ts'
import { matmulTransposed } from '../../ops/matmul.ts'
import { concat, reshape } from '../../ops/shape.ts'
import { viewAs } from '../../weights/weight-tensor.ts'
import type { SelfAttention } from '../target.ts'
import { MAX_ELEMENTS } from './limits.ts'
import type { CudaTokens } from './map.ts'
import { totalOf } from './sum.ts'
import { parameter } from './weights.ts'

/*
 * ONNX Runtime has no flash attention of its own on sm_75. Its MultiHeadAttention takes kernels of TensorRT, which read
 * q, k and v side by side in each head, and copies three tensors into that order first. Here one product, whose weight
 * has that order, makes the tensor that they read. What ONNX Runtime 1.30 launches in float16 on a T4, over the
 * stand-in (test/cuda/stand-in-card.slow.ts):
 *
 *     head size   length      q, k and v apart                            packed
 *     64          385 up      copy, flash (TensorRT)                      flash (TensorRT)
 *     64          129 to 384  copy, fused                                 fused
 *     64          up to 128   2 copies, 2 offsets, fused of 128 tokens    offset, fused (of 32 tokens for 25 frames)
 *     32          any         as 64                                       as 64
 *     80, CLIP    257         memory-efficient                            unpack, memory-efficient
 *     512, VAE    any         memory-efficient                            unpack, memory-efficient
 *
 * Offsets are launched for more than 128 rows. On sm_80 and later, and in float32, the packed form has an unpack that the
 * other one has not. Other head sizes up to 256 have a kernel of TensorRT from 385 tokens on alone, and stay apart.
 */

/** Those that TensorRT's fused kernels of sm_75 have at every length. */
const FUSED_HEAD_SIZES: readonly number[] = [32, 64]

/** Head sizes whose q, k and v are packed in float16 graphs. `computeCapability`: 75 for sm_75, `null` for any card. */
export const packedHeadSizesOf = (computeCapability: number | null): readonly number[] =>
  computeCapability === 75 ? FUSED_HEAD_SIZES : []

/**
 * q, k and v of each sequence by one product: [rows, length, heads, 3, d]. Its weight is prepared, no session orders it.
 * `null` where q, k and v stay apart: at other head sizes, with a bias, or if the product had too many elements.
 */
export const packedSequences = (
  g: Graph,
  x: CudaTokens,
  { toQ, toK, toV, heads }: SelfAttention,
  headSizes: readonly number[],
  dtype: DType,
): Value | null => {
  const layers = [toQ, toK, toV]
  const [width = 0, channels = 0] = toQ.weight.shape
  const headSize = width / heads
  const shape = [x.rows, x.length, heads, layers.length, headSize]
  const isPacked = headSizes.includes(headSize) && layers.every(({ bias }) => bias === null)
  if (!isPacked || elementCount(shape) > MAX_ELEMENTS) return null
  const perHead = layers.map(({ weight }) =>
    parameter(g, viewAs(weight, [heads, 1, headSize, channels]), dtype),
  )
  const weight = reshape(g, concat(g, perHead, 1), [layers.length * width, channels])
  return reshape(g, matmulTransposed(g, totalOf(g, x.sum), weight), shape)
}
