import { type Graph, GraphError } from '../graph/graph.ts'
import { ONNX_TYPE } from '../graph/onnx-type.ts'
import type { DType, Value } from '../graph/value.ts'
import { assertOneType } from './one-type.ts'

/** Numpy broadcasting of two static shapes. */
export const broadcastShapes = (a: readonly number[], b: readonly number[]): readonly number[] => {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const sizeA = a[axis - rank + a.length] ?? 1
    const sizeB = b[axis - rank + b.length] ?? 1
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      throw new GraphError(`shapes [${a.join(',')}] and [${b.join(',')}] cannot be broadcast`)
    }
    return Math.max(sizeA, sizeB)
  })
}

const binary =
  (op: 'Add' | 'Sub' | 'Mul' | 'Div') =>
  (g: Graph, a: Value, b: Value): Value => {
    assertOneType(op, [a, b])
    return g.node({
      op,
      inputs: [a, b],
      outputs: [{ shape: broadcastShapes(a.shape, b.shape), dtype: a.dtype }],
    })[0]!
  }

export const add = binary('Add')
export const sub = binary('Sub')
export const mul = binary('Mul')
export const div = binary('Div')

const unary =
  (op: 'Sqrt' | 'Sin' | 'Cos' | 'Sigmoid') =>
  (g: Graph, x: Value): Value =>
    g.node({ op, inputs: [x], outputs: [{ shape: x.shape, dtype: x.dtype }] })[0]!

export const sqrt = unary('Sqrt')
export const sin = unary('Sin')
export const cos = unary('Cos')
export const sigmoid = unary('Sigmoid')

const finiteness =
  (op: 'IsNaN' | 'IsInf') =>
  (g: Graph, x: Value): Value =>
    g.node({ op, inputs: [x], outputs: [{ shape: x.shape, dtype: 'bool' }] })[0]!

export const isNan = finiteness('IsNaN')
/** True for both infinities. */
export const isInf = finiteness('IsInf')

/** Elements of `a` where `condition` is true, else those of `b`. */
export const where = (g: Graph, condition: Value, a: Value, b: Value): Value => {
  if (condition.dtype !== 'bool' || a.dtype !== b.dtype) {
    throw new GraphError(
      `Where of ${condition.dtype} (${condition.name}), ${a.dtype} (${a.name}) and ${b.dtype} (${b.name})`,
    )
  }
  const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape))
  return g.node({ op: 'Where', inputs: [condition, a, b], outputs: [{ shape, dtype: a.dtype }] })[0]!
}

/**
 * x rounded to a whole number, halves to even, and clamped to 0..255: one pass (QuantizeLinear at scale 1) instead of
 * Round, Clip and Cast. Infinities become 0 and 255. ONNX does not define the byte of a NaN.
 */
export const roundToUint8 = (g: Graph, x: Value): Value =>
  g.node({
    op: 'QuantizeLinear',
    inputs: [x, g.inline(Float32Array.of(1), [])],
    outputs: [{ shape: x.shape, dtype: 'uint8' }],
  })[0]!

/** x·Φ(x) through erf, as torch's default `gelu`. */
export const gelu = (g: Graph, x: Value): Value =>
  g.node({ op: 'Gelu', inputs: [x], outputs: [{ shape: x.shape, dtype: x.dtype }] })[0]!

/** gelu(x + bias), bias over the last axis, in one pass (com.microsoft BiasGelu, through erf). */
export const biasGelu = (g: Graph, x: Value, bias: Value): Value => {
  assertOneType('BiasGelu', [x, bias])
  return g.node({
    op: 'BiasGelu',
    domain: 'com.microsoft',
    inputs: [x, bias],
    outputs: [{ shape: broadcastShapes(x.shape, bias.shape), dtype: x.dtype }],
  })[0]!
}

/** Over the last axis. */
export const softmax = (g: Graph, x: Value): Value =>
  g.node({
    op: 'Softmax',
    inputs: [x],
    outputs: [{ shape: x.shape, dtype: x.dtype }],
    attributes: { axis: -1 },
  })[0]!

/** x·sigmoid(alpha·x): CLIP's `quick_gelu` at 1.702, SiLU at 1. One kernel on both providers. */
export const quickGelu = (g: Graph, x: Value, alpha: number): Value =>
  g.node({
    op: 'QuickGelu',
    domain: 'com.microsoft',
    inputs: [x],
    outputs: [{ shape: x.shape, dtype: x.dtype }],
    attributes: { alpha: { float: alpha } },
  })[0]!

export const silu = (g: Graph, x: Value): Value => quickGelu(g, x, 1)

export const cast = (g: Graph, x: Value, to: DType): Value =>
  x.dtype === to
    ? x
    : g.node({
        op: 'Cast',
        inputs: [x],
        outputs: [{ shape: x.shape, dtype: to }],
        attributes: { to: ONNX_TYPE[to] },
      })[0]!
