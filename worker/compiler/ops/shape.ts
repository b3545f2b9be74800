import { elementCount } from '../../checkpoint/element-count.ts'
import { type Graph, GraphError } from '../graph/graph.ts'
import { formatType, type Value } from '../graph/value.ts'

const int64 = (g: Graph, numbers: readonly number[]): Value =>
  g.inline(BigInt64Array.from(numbers, BigInt), [numbers.length])

export const reshape = (g: Graph, x: Value, shape: readonly number[]): Value => {
  if (elementCount(shape) !== elementCount(x.shape)) {
    throw new GraphError(`Reshape of ${x.name} ${formatType(x)} to [${shape.join(',')}]`)
  }
  if (shape.length === x.shape.length && shape.every((size, axis) => size === x.shape[axis])) return x
  return g.node({ op: 'Reshape', inputs: [x, int64(g, shape)], outputs: [{ shape, dtype: x.dtype }] })[0]!
}

export const transpose = (g: Graph, x: Value, perm: readonly number[]): Value => {
  const shape = perm.map((axis) => x.shape[axis] ?? Number.NaN)
  // Moving only axes of size one changes no byte: a reshape says so, and costs nothing.
  const order = perm.filter((axis) => x.shape[axis] !== 1)
  if (order.every((axis, index) => index === 0 || axis > (order[index - 1] ?? -1)))
    return reshape(g, x, shape)
  return g.node({
    op: 'Transpose',
    inputs: [x],
    outputs: [{ shape, dtype: x.dtype }],
    attributes: { perm },
  })[0]!
}

export const concat = (g: Graph, parts: readonly Value[], axis: number): Value => {
  const [first] = parts
  if (first === undefined) throw new GraphError('Concat of nothing')
  if (parts.length === 1) return first
  const others = (shape: readonly number[]): string => shape.filter((_, index) => index !== axis).join(',')
  for (const part of parts) {
    if (others(part.shape) !== others(first.shape) || part.dtype !== first.dtype) {
      throw new GraphError(
        `Concat of ${first.name} ${formatType(first)} and ${part.name} ${formatType(part)}`,
      )
    }
  }
  const shape = first.shape.with(
    axis,
    parts.reduce((total, part) => total + (part.shape[axis] ?? 0), 0),
  )
  return g.node({
    op: 'Concat',
    inputs: parts,
    outputs: [{ shape, dtype: first.dtype }],
    attributes: { axis },
  })[0]!
}

/** Elements `from` to `to` (exclusive) of one axis. */
export const slice = (g: Graph, x: Value, axis: number, from: number, to: number): Value => {
  const size = x.shape[axis] ?? 0
  if (from === 0 && to === size) return x
  if (!(from >= 0 && from < to && to <= size)) {
    throw new GraphError(`Slice ${from}..${to} of axis ${axis} of ${x.name} ${formatType(x)}`)
  }
  return g.node({
    op: 'Slice',
    inputs: [x, int64(g, [from]), int64(g, [to]), int64(g, [axis])],
    outputs: [{ shape: x.shape.with(axis, to - from), dtype: x.dtype }],
  })[0]!
}

/** Equal parts along one axis. */
export const split = (g: Graph, x: Value, axis: number, parts: number): readonly Value[] => {
  const size = (x.shape[axis] ?? 0) / parts
  return g.node({
    op: 'Split',
    inputs: [x],
    outputs: Array.from({ length: parts }, () => ({ shape: x.shape.with(axis, size), dtype: x.dtype })),
    attributes: { axis, num_outputs: parts },
  })
}

/** Parts of these sizes, in order, along one axis. */
export const splitSizes = (g: Graph, x: Value, axis: number, sizes: readonly number[]): readonly Value[] => {
  if (sizes.length === 1 && sizes[0] === x.shape[axis]) return [x]
  if (sizes.reduce((total, size) => total + size, 0) !== x.shape[axis]) {
    throw new GraphError(`Split of ${x.name} ${formatType(x)} along axis ${axis} into [${sizes.join(',')}]`)
  }
  return g.node({
    op: 'Split',
    inputs: [x, int64(g, sizes)],
    outputs: sizes.map((size) => ({ shape: x.shape.with(axis, size), dtype: x.dtype })),
    attributes: { axis },
  })
}

export const expand = (g: Graph, x: Value, shape: readonly number[]): Value => {
  if (shape.every((size, axis) => size === x.shape[axis])) return x
  return g.node({ op: 'Expand', inputs: [x, int64(g, shape)], outputs: [{ shape, dtype: x.dtype }] })[0]!
}

/** Nearest neighbour by a whole factor in two axes of four, the last two unless told otherwise. */
export const resizeNearest = (
  g: Graph,
  x: Value,
  factor: number,
  axes: readonly [number, number] = [2, 3],
): Value => {
  const factors = x.shape.map((_, axis) => (axes.includes(axis) ? factor : 1))
  return g.node({
    op: 'Resize',
    inputs: [x, null, g.inline(Float32Array.from(factors), [factors.length])],
    outputs: [{ shape: x.shape.map((size, axis) => size * (factors[axis] ?? 1)), dtype: x.dtype }],
    attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  })[0]!
}

export const reduce = (
  g: Graph,
  op: 'ReduceMean' | 'ReduceSum' | 'ReduceSumSquare',
  x: Value,
  axes: readonly number[],
): Value =>
  g.node({
    op,
    inputs: [x, int64(g, axes)],
    outputs: [{ shape: x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)), dtype: x.dtype }],
    attributes: { keepdims: 1 },
  })[0]!

/** `length` times one number. The graph holds the number once. */
export const filled = (g: Graph, number: number, length: number): Value =>
  expand(g, g.inline(Float32Array.of(number), [1]), [length])
