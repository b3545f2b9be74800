import type { Node } from '../compiler/graph/graph.ts'

/** The library that runs a node of ONNX Runtime's CUDA provider; `null` if the node only renames bytes. */
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
