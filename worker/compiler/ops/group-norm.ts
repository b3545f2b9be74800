import { type Attribute, type Graph, GraphError } from '../graph/graph.ts'
import { formatType, type Value } from '../graph/value.ts'
import { assertOneType } from './one-type.ts'

/* Group norm of ONNX Runtime's CUDA provider: channels last, statistics in float32. */

export interface GroupNormAttributes {
  /** Both [C] in float32, whatever the type of x. */
  readonly gamma: Value
  readonly beta: Value
  readonly groups: number
  readonly epsilon: number
  readonly activation: 'none' | 'silu'
}

/** The kernel takes two channels at once, so a group needs an even number of them. */
export const hasGroupNormKernel = (channels: number, groups: number): boolean =>
  channels % groups === 0 && (channels / groups) % 2 === 0

const check = (op: string, x: Value, { gamma, beta, groups }: GroupNormAttributes): void => {
  const channels = x.shape[3] ?? 0
  if (x.shape.length !== 4 || !hasGroupNormKernel(channels, groups)) {
    throw new GraphError(
      `${op} of ${x.name} ${formatType(x)} in ${groups} groups: it takes [N, H, W, C] with an even number of channels a group`,
    )
  }
  for (const parameter of [gamma, beta]) {
    if (formatType(parameter) !== formatType({ dtype: 'float32', shape: [channels] })) {
      throw new GraphError(`${op} of ${formatType(x)} cannot take ${parameter.name} ${formatType(parameter)}`)
    }
  }
}

const attributesOf = ({ groups, epsilon, activation }: GroupNormAttributes): Record<string, Attribute> => ({
  groups,
  epsilon: { float: epsilon },
  activation: activation === 'silu' ? 1 : 0,
  channels_last: 1,
})

/** com.microsoft GroupNorm of [N, H, W, C], with statistics per N. */
export const groupNorm = (g: Graph, x: Value, options: GroupNormAttributes): Value => {
  check('GroupNorm', x, options)
  return g.node({
    op: 'GroupNorm',
    domain: 'com.microsoft',
    inputs: [x, options.gamma, options.beta],
    outputs: [{ shape: x.shape, dtype: x.dtype }],
    attributes: attributesOf(options),
  })[0]!
}

export interface Addends {
  /** Has x's shape, or [N, C] for all pixels of an image. */
  readonly skip: Value
  /** [C] */
  readonly bias: Value | null
}

/** com.microsoft SkipGroupNorm: the norm of x + skip + bias, and that sum. */
export const skipGroupNorm = (
  g: Graph,
  x: Value,
  { skip, bias }: Addends,
  options: GroupNormAttributes,
): { readonly normalized: Value; readonly sum: Value } => {
  check('SkipGroupNorm', x, options)
  assertOneType('SkipGroupNorm', [x, skip, bias])
  const [images = 0, , , channels = 0] = x.shape
  const shapes = [x.shape.join(), [images, channels].join()]
  if (!shapes.includes(skip.shape.join()) || (bias !== null && bias.shape.join() !== String(channels))) {
    const given = [skip, bias].map((value) => (value === null ? '-' : formatType(value))).join(' and ')
    throw new GraphError(`SkipGroupNorm of ${x.name} ${formatType(x)} cannot add ${given}`)
  }
  const outputs = [
    { shape: x.shape, dtype: x.dtype },
    { shape: x.shape, dtype: x.dtype },
  ]
  const inputs = [x, options.gamma, options.beta, skip]
  const [normalized, sum] = g.node({
    op: 'SkipGroupNorm',
    domain: 'com.microsoft',
    inputs: bias === null ? inputs : [...inputs, bias],
    outputs,
    attributes: attributesOf(options),
  })
  return { normalized: normalized!, sum: sum! }
}
