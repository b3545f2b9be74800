import { elementCount } from '../../checkpoint/element-count.ts'
import type { Graph, Node } from '../../compiler/graph/graph.ts'
import { bytesOf } from '../../compiler/graph/value.ts'
import type { Workspace } from './arena-peak.ts'
import { type ConvolutionCard, isFloat32Convolution, mostConvolutionBytes } from './convolution-workspace.ts'

/*
 * What kernels of the CUDA provider 1.30 allocate beside their outputs. Formulas are from its sources; a stand-in card
 * confirmed them where it says so:
 *
 *     GroupNorm, SkipGroupNorm   two float32 sums per image and group
 *     MultiHeadAttention
 *       flash (float16, sm_80 up, head size up to 256)   a float32 per row and head: 369 KB for [2, 9216, 5 heads]
 *       sm_75 (float16)                                  q, k and v side by side: 35 MB for [2, 9216, 320]
 *       sm_75, packed                                    an int32 per row, where it starts: 74 KB for 18,432 rows
 *       head size above 256                              the output as float32: 18.9 MB for [1, 9216, 512]
 *       float32                                          q, k and v, and twice the scores of short sequences
 *     Concat                     a table of its inputs
 *     FusedMatMul, transBatchA   three tables of pointers, one to each matrix
 *     Conv, NhwcConv (float32)   as cuDNN plans them, up to a bound: `convolution-workspace.ts`.
 *                                Float16 convolutions in this layout need none.
 */

const FLOAT = 4
const INT = 4
/** [rows, length, heads, 3, head size], whose kernels copy nothing. */
const PACKED_AXES = 5
const TABLE_BYTES = 8192
const LONGEST_UNFUSED_SEQUENCE = 256
const LARGEST_FLASH_HEAD = 256

const groupNorm = ({ inputs: [x], attributes }: Node): readonly number[] => {
  const groups = typeof attributes['groups'] === 'number' ? attributes['groups'] : 32
  return [2 * FLOAT * groups * (x?.shape[0] ?? 1)]
}

const attention = (
  { inputs: [query, key], attributes }: Node,
  computeCapability: number,
): readonly number[] => {
  if (query == null) return []
  if (query.shape.length === PACKED_AXES) return [INT * ((query.shape[0] ?? 0) + 1)]
  const [rows = 1, length = 1, channels = 1] = query.shape
  const keys = key?.shape[1] ?? length
  const heads = typeof attributes['num_heads'] === 'number' ? attributes['num_heads'] : 1
  const packed = bytesOf(query) + 2 * (key == null ? 0 : bytesOf(key))
  if (query.dtype === 'float32') {
    const scores = FLOAT * rows * heads * length * keys
    return length < LONGEST_UNFUSED_SEQUENCE ? [packed, scores, scores] : [packed]
  }
  if (channels / heads > LARGEST_FLASH_HEAD) return [FLOAT * elementCount(query.shape)]
  if (computeCapability < 80) return [packed]
  return [FLOAT * rows * heads * length]
}

/** A product over several batches of one weight: pointers to both factors and the result. */
const product = ({ outputs: [y], attributes }: Node): readonly number[] => {
  if (attributes['transBatchA'] !== 1) return []
  const pointers = 8 * (y?.shape[0] ?? 1)
  return [pointers, pointers, pointers]
}

const workspaceWith =
  (computeCapability: number, ofConvolution: Workspace): Workspace =>
  (node) => {
    switch (node.op) {
      case 'GroupNorm':
      case 'SkipGroupNorm':
        return groupNorm(node)
      case 'MultiHeadAttention':
        return attention(node, computeCapability)
      case 'FusedMatMul':
        return product(node)
      case 'Concat':
        return [TABLE_BYTES]
      default:
        return isFloat32Convolution(node) ? ofConvolution(node) : []
    }
  }

/**
 * Workspaces that the kernels of a graph may allocate: the most and, where cuDNN decides, the least as well. The
 * actual workspace of each kernel is between them.
 */
export const cudaWorkspaces = (
  { nodes }: Pick<Graph, 'nodes'>,
  card: ConvolutionCard,
): readonly Workspace[] => {
  const { computeCapability } = card
  const most = workspaceWith(computeCapability, (node) => [mostConvolutionBytes(node, card)])
  return nodes.some(isFloat32Convolution) ? [most, workspaceWith(computeCapability, () => [])] : [most]
}
