import { elementCount } from '../../checkpoint/element-count.ts'
import type { WeightTensor } from '../weights/weight-tensor.ts'
import { type DType, formatType, type Value } from './value.ts'

export type Attribute = number | string | readonly number[] | { readonly float: number }

/** ONNX's own ops, ONNX Runtime's documented ones, and those of its CPU provider's blocked layout. */
export type Domain = '' | 'com.microsoft' | 'com.microsoft.nchwc'

export interface Node {
  readonly op: string
  readonly domain: Domain
  readonly name: string
  readonly inputs: readonly (Value | null)[]
  readonly outputs: readonly Value[]
  /** Positions of the outputs among the op's own, if the op has others in between that are left out. */
  readonly outputSlots?: readonly number[]
  readonly attributes: Readonly<Record<string, Attribute>>
  /** 2 per multiply-add; matrix products, convolutions and attention only. */
  readonly flops: number
}

/** The numbers of an inline constant: float32, int64, or the bits of float16. */
export type InlineData = Float32Array | BigInt64Array | Uint16Array

/** An initializer: the checkpoint's own bytes, or numbers kept inside the graph. */
export type Constant =
  | { readonly value: Value; readonly source: 'weight'; readonly weight: WeightTensor }
  | { readonly value: Value; readonly source: 'inline'; readonly data: InlineData }

/** Work that the reference does and this graph, by exact algebra, does not. */
export interface AvoidedWork {
  readonly reason: string
  readonly flops: number
}

export interface NodeSpec {
  readonly op: string
  readonly domain?: Domain
  readonly inputs: readonly (Value | null)[]
  readonly outputs: readonly { readonly shape: readonly number[]; readonly dtype: DType }[]
  readonly outputSlots?: readonly number[]
  readonly attributes?: Readonly<Record<string, Attribute>>
  readonly flops?: number
}

/** Records operators in the order in which they run. */
export interface Graph {
  readonly name: string
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly nodes: readonly Node[]
  readonly constants: readonly Constant[]
  readonly avoided: readonly AvoidedWork[]

  input(name: string, shape: readonly number[], dtype?: DType): Value
  /** Gives `value` the public name `name`. */
  output(name: string, value: Value): void
  /** A weight in the checkpoint's own precision; the same weight seen twice is one constant. */
  weight(weight: WeightTensor): Value
  /** Numbers computed by the compiler; kept inside the graph, so only for small ones. A Uint16Array holds float16. */
  inline(data: InlineData, shape: readonly number[]): Value
  node(spec: NodeSpec): readonly Value[]
  /** Names nodes after the part of the network that records them; errors say it too. */
  within<T>(path: string, record: () => T): T
  /** FLOPs that the reference takes and this graph does not; negative where the graph takes more. */
  avoid(reason: string, flops: number): void
}

const inlineDtype = (data: InlineData): DType => {
  if (data instanceof Float32Array) return 'float32'
  return data instanceof BigInt64Array ? 'int64' : 'float16'
}

/** A layer and its inputs do not fit: a mistake in a network or a layer, named by its checkpoint path. */
export class GraphError extends Error {
  override readonly name = 'GraphError'
}

export const createGraph = (name: string): Graph => {
  const inputs: Value[] = []
  const outputs: Value[] = []
  const nodes: Node[] = []
  const constants: Constant[] = []
  const avoided: AvoidedWork[] = []
  const known = new Map<string, Value>()
  const used = new Map<string, number>()
  const path: string[] = []

  const unique = (hint: string): string => {
    const count = used.get(hint) ?? 0
    used.set(hint, count + 1)
    return count === 0 ? hint : `${hint}_${count}`
  }

  const declare = (constant: Constant, key: string): Value => {
    constants.push(constant)
    known.set(key, constant.value)
    return constant.value
  }

  return {
    name,
    inputs,
    outputs,
    nodes,
    constants,
    avoided,

    input(inputName, shape, dtype = 'float32') {
      const value: Value = { name: unique(inputName), dtype, shape }
      inputs.push(value)
      return value
    },

    output(outputName, value) {
      const renamed: Value = { ...value, name: unique(outputName) }
      nodes.push({
        op: 'Identity',
        domain: '',
        name: renamed.name,
        inputs: [value],
        outputs: [renamed],
        attributes: {},
        flops: 0,
      })
      outputs.push(renamed)
    },

    weight(weight) {
      const key = `${weight.key}@${weight.offsetBytes}[${weight.shape.join(',')}]`
      const seen = known.get(key)
      if (seen !== undefined) return seen
      const value: Value = { name: unique(weight.key), dtype: weight.dtype, shape: weight.shape }
      return declare({ value, source: 'weight', weight }, key)
    },

    inline(data, shape) {
      if (data.length !== elementCount(shape)) {
        throw new GraphError(
          `inline constant of ${data.length} numbers cannot have shape [${shape.join(',')}]`,
        )
      }
      const dtype = inlineDtype(data)
      const key = `inline:${dtype}[${shape.join(',')}]:${data.length <= 16 ? data.join(',') : unique('')}`
      const seen = known.get(key)
      if (seen !== undefined) return seen
      return declare({ value: { name: unique('constant'), dtype, shape }, source: 'inline', data }, key)
    },

    node(spec) {
      const scope = path.at(-1)
      for (const { shape } of spec.outputs) {
        if (shape.some((size) => !Number.isInteger(size) || size <= 0)) {
          const given = spec.inputs.map((value) => (value === null ? '-' : formatType(value))).join(', ')
          throw new GraphError(`${scope ?? name}: ${spec.op}(${given}) would give [${shape.join(',')}]`)
        }
      }
      const nodeName = unique(scope === undefined ? spec.op : `${scope}/${spec.op}`)
      const made = spec.outputs.map(
        ({ shape, dtype }, index): Value => ({
          name: spec.outputs.length === 1 ? nodeName : `${nodeName}:${index}`,
          dtype,
          shape,
        }),
      )
      nodes.push({
        op: spec.op,
        domain: spec.domain ?? '',
        name: nodeName,
        inputs: spec.inputs,
        outputs: made,
        ...(spec.outputSlots !== undefined && { outputSlots: spec.outputSlots }),
        attributes: spec.attributes ?? {},
        flops: spec.flops ?? 0,
      })
      return made
    },

    within(scope, record) {
      path.push(scope)
      try {
        return record()
      } finally {
        path.pop()
      }
    },

    avoid(reason, flops) {
      avoided.push({ reason, flops })
    },
  }
}
