import type { Node } from '../compiler/graph/graph.ts'

/** What runs a node in ONNX Runtime's CUDA provider; `null` if nothing does, because the node only renames bytes. */
export const cudaKernelOf = ({ op }: Pick<Node, 'op'>): string | null => {
  switch (op) {
    case 'Reshape':
    case 'Identity':
      return null
    case 'Conv':
    case 'NhwcConv':
      return 'cuDNN'
    case 'Gemm':
    case 'MatMul':
    case 'FusedMatMul':
      return 'cuBLAS'
    case 'MultiHeadAttention':
      return 'fused attention'
    default:
      return 'ONNX Runtime'
  }
}
