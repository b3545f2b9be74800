import { type Graph, GraphError } from '../graph/graph.ts'
import { formatType, type Value } from '../graph/value.ts'
import { assertOneType } from './one-type.ts'

/** com.microsoft MultiHeadAttention without mask: q [B, S, heads·d], k and v [B, L, heads·d] → [B, S, heads·d]. */
export const multiHeadAttention = (g: Graph, q: Value, k: Value, v: Value, numHeads: number): Value => {
  const [batch = 0, length = 0, hidden = 0] = q.shape
  const [batchK = 0, lengthK = 0, hiddenK = 0] = k.shape
  if (hidden % numHeads !== 0 || batch !== batchK || hidden !== hiddenK || formatType(k) !== formatType(v)) {
    throw new GraphError(
      `MultiHeadAttention with ${numHeads} heads of ${formatType(q)}, ${formatType(k)}, ${formatType(v)}`,
    )
  }
  assertOneType('MultiHeadAttention', [q, k, v])
  return g.node({
    op: 'MultiHeadAttention',
    domain: 'com.microsoft',
    inputs: [q, k, v],
    outputs: [{ shape: q.shape, dtype: q.dtype }],
    attributes: { num_heads: numHeads },
    flops: 4 * batch * length * lengthK * hidden,
  })[0]!
}

/**
 * The same of a sequence with itself, whose q, k and v lie side by side in each head: [B, S, heads, 3, d] →
 * [B, S, heads·d]. Only the CUDA provider has a kernel for it.
 */
export const packedMultiHeadAttention = (g: Graph, qkv: Value): Value => {
  const [batch = 0, length = 0, numHeads = 0, three, headSize = 0] = qkv.shape
  if (qkv.shape.length !== 5 || three !== 3) {
    throw new GraphError(`packed MultiHeadAttention of ${formatType(qkv)}`)
  }
  const hidden = numHeads * headSize
  return g.node({
    op: 'MultiHeadAttention',
    domain: 'com.microsoft',
    inputs: [qkv],
    outputs: [{ shape: [batch, length, hidden], dtype: qkv.dtype }],
    attributes: { num_heads: numHeads },
    flops: 4 * batch * length * length * hidden,
  })[0]!
}
