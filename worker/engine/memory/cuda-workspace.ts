import type { Graph, Node } from '../../compiler/graph/graph.ts'
import { bytesOf, elementsOf, type Value } from '../../compiler/graph/value.ts'
import type { Workspace } from './arena-peak.ts'

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
 *     Conv, NhwcConv (float32)   copies of input, output and kernel in cuDNN's own layout, or fewer: see below.
 *                                Float16 convolutions in this layout need none.
 *
 * Plans of cuDNN 9.28 for the float32 convolutions of SVD-XT's decoder, 1 and 4 frames of 576x1024, as it makes them from
 * a card's description:
 *
 *     sm_75   input + output + up to 3.8 kernels for 3x3; up to 14 MB for the temporal ones
 *     sm_86   input + kernel, and none for one of the largest inputs; for one frame partly the output as well
 *     sm_90   none
 *
 * Which plan a card takes is not known before it runs, and the arena can take more for a smaller workspace. So all of
 * these are simulated, also with each of the largest inputs left out.
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
  if (channels / heads > LARGEST_FLASH_HEAD) return [FLOAT * elementsOf(query.shape)]
  if (computeCapability < 80) return [packed]
  return [FLOAT * rows * heads * length]
}

/** Bytes of the workspace of a float32 convolution `y = conv(x, kernel)`. */
type ConvolutionPlan = (x: Value, y: Value, kernelBytes: number) => number

/** A product over several batches of one weight: pointers to both factors and the result. */
const product = ({ outputs: [y], attributes }: Node): readonly number[] => {
  if (attributes['transBatchA'] !== 1) return []
  const pointers = 8 * (y?.shape[0] ?? 1)
  return [pointers, pointers, pointers]
}

const KERNEL_COPIES = 4
const SMALL_COPIES_BYTES = 4 * 2 ** 20
/** Shapes of inputs that are left out, one at a time. */
const LEFT_OUT = 3

const copyOfAll: ConvolutionPlan = (x, y, kernelBytes) =>
  bytesOf(x) + bytesOf(y) + KERNEL_COPIES * kernelBytes + SMALL_COPIES_BYTES
const copyOfInput: ConvolutionPlan = (x, _, kernelBytes) => bytesOf(x) + kernelBytes
const noCopy: ConvolutionPlan = () => 0

const isFloat32Convolution = ({ op, inputs: [x] }: Node): boolean =>
  (op === 'Conv' || op === 'NhwcConv') && x?.dtype === 'float32'

const convolutionPlans = (nodes: readonly Node[]): readonly ConvolutionPlan[] => {
  const inputs = nodes.filter(isFloat32Convolution).flatMap(({ inputs: [x] }) => (x == null ? [] : [x]))
  if (inputs.length === 0) return [noCopy]
  const byShape = new Map(inputs.map((x) => [`${x.shape}`, bytesOf(x)]))
  const largest = [...byShape].sort(([, a], [, b]) => b - a).slice(0, LEFT_OUT)
  const leavingOut = largest.map(
    ([shape]): ConvolutionPlan =>
      (x, y, kernelBytes) =>
        `${x.shape}` === shape ? 0 : copyOfInput(x, y, kernelBytes),
  )
  return [copyOfAll, copyOfInput, noCopy, ...leavingOut]
}

const convolution = (node: Node, plan: ConvolutionPlan): readonly number[] => {
  const {
    inputs: [x, kernel],
    outputs: [y],
  } = node
  if (!isFloat32Convolution(node) || x == null || y === undefined) return []
  return [plan(x, y, kernel == null ? 0 : bytesOf(kernel))]
}

const workspaceWith =
  (computeCapability: number, plan: ConvolutionPlan): Workspace =>
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
      case 'Conv':
      case 'NhwcConv':
        return convolution(node, plan)
      default:
        return []
    }
  }

/** What the kernels of a graph may allocate: one possibility, or several. `computeCapability`: 75 for sm_75. */
export const cudaWorkspaces = (
  { nodes }: Pick<Graph, 'nodes'>,
  computeCapability: number,
): readonly Workspace[] => convolutionPlans(nodes).map((plan) => workspaceWith(computeCapability, plan))
