import { type Graph, GraphError } from '../graph/graph.ts'
import { formatType, type Value } from '../graph/value.ts'
import { assertOneType } from './one-type.ts'

export interface SkipLayerNorm {
  /** Has x's shape, or [1, S, C] for every sequence. */
  readonly skip: Value
  /** [C] */
  readonly bias: Value | null
  /** Both [C]. */
  readonly gamma: Value
  readonly beta: Value
  readonly epsilon: number
}

/** com.microsoft SkipLayerNormalization of [N, S, C]: the norm of x + skip + bias over the last axis, and that sum. */
export const skipLayerNorm = (
  g: Graph,
  x: Value,
  { skip, bias, gamma, beta, epsilon }: SkipLayerNorm,
): { readonly normalized: Value; readonly sum: Value } => {
  const [, length = 0, channels = 0] = x.shape
  const shapes = [x.shape.join(), [1, length, channels].join()]
  const perChannel = bias === null ? [gamma, beta] : [gamma, beta, bias]
  const fits =
    x.shape.length === 3 &&
    shapes.includes(skip.shape.join()) &&
    perChannel.every(({ shape }) => shape.join() === String(channels))
  if (!fits) {
    const given = [skip, ...perChannel].map(formatType).join(', ')
    throw new GraphError(`SkipLayerNormalization of ${x.name} ${formatType(x)} with ${given}`)
  }
  assertOneType('SkipLayerNormalization', [x, skip, gamma, beta, bias])
  const inputs = [x, skip, gamma, beta]
  const [normalized, sum] = g.node({
    op: 'SkipLayerNormalization',
    domain: 'com.microsoft',
    inputs: bias === null ? inputs : [...inputs, bias],
    outputs: [
      { shape: x.shape, dtype: x.dtype },
      { shape: x.shape, dtype: x.dtype },
    ],
    // Between the two are the mean and the deviation, which no kernel fills.
    outputSlots: [0, 3],
    attributes: { epsilon: { float: epsilon } },
  })
  return { normalized: normalized!, sum: sum! }
}
