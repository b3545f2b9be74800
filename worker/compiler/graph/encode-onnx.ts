import { dirname, relative, sep } from 'node:path'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf'
import { type WeightTensor, weightBytes } from '../weights/weight-tensor.ts'
import { type Attribute, type Constant, type Graph, GraphError, type InlineData, type Node } from './graph.ts'
import { ONNX_TYPE } from './onnx-type.ts'
import type { Value } from './value.ts'
import { preparationNodes } from './weight-preparation.ts'

/** Opset 20: the last for which every op used here has a kernel on the CPU and on the CUDA provider. */
export const OPSET_VERSION = 20
const IR_VERSION = 9n
const CONTRIB_VERSION = 1

/** Location of a weight for the program that opens the model. */
export interface WeightLocation {
  /** Relative to the folder of external data, with forward slashes. */
  readonly location: string
  /** Offset from the start of that file. */
  readonly offsetBytes: number
}

export type LocateWeight = (weight: WeightTensor) => WeightLocation

export interface OnnxModel {
  /** The ModelProto; weights are named by file, offset and length, not contained. */
  readonly bytes: Uint8Array
  /** Folder that the external data's locations are relative to; null if there is none. */
  readonly externalDataDir: string | null
}

const encodeAttribute = (name: string, attribute: Attribute): AttributeProto => {
  const { INT, INTS, FLOAT, STRING } = AttributeProto_AttributeType
  if (typeof attribute === 'number')
    return create(AttributeProtoSchema, { name, type: INT, i: BigInt(attribute) })
  if (typeof attribute === 'string') {
    return create(AttributeProtoSchema, { name, type: STRING, s: new TextEncoder().encode(attribute) })
  }
  if ('float' in attribute) return create(AttributeProtoSchema, { name, type: FLOAT, f: attribute.float })
  return create(AttributeProtoSchema, { name, type: INTS, ints: attribute.map(BigInt) })
}

/**
 * Whether the model says the sizes of activations.
 *
 *     stated   inputs have their sizes, and all others follow from them
 *     open     not even the number of axes can be told before the model runs, though only these sizes can be run
 *
 * ONNX Runtime keeps a buffer, once used, for the next activation of the same size, however much later that comes: over
 * a UNet's levels that is five times what is alive at once. Where it knows no sizes it gives each buffer back. (Axes of
 * unknown length would do as well, but its planner then compares every buffer with every other: ten seconds.)
 */
export type Sizes = 'stated' | 'open'

const shapeOf = (shape: readonly number[]) =>
  create(TensorShapeProtoSchema, {
    dim: shape.map((size) =>
      create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: BigInt(size) } }),
    ),
  })

const encodeValueInfo = ({ name, dtype, shape }: Value, sizes: Sizes): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, {
      value: {
        case: 'tensorType',
        value: create(TypeProto_TensorSchema, {
          elemType: ONNX_TYPE[dtype],
          ...(sizes === 'stated' && { shape: shapeOf(shape) }),
        }),
      },
    }),
  })

/** Names by the positions of the op's outputs. Outputs that are left out have an empty name. */
const outputNames = ({ outputs, outputSlots }: Node): string[] => {
  if (outputSlots === undefined) return outputs.map(({ name }) => name)
  const names = Array<string>(Math.max(...outputSlots) + 1).fill('')
  outputSlots.forEach((slot, index) => {
    names[slot] = outputs[index]?.name ?? ''
  })
  return names
}

/** Ops whose second input says the size of the output. */
const SIZE_READERS = new Set(['Reshape', 'Expand'])

/**
 * Sizes that activations are given, by the name of the constant → a twin that the model also lists as an input: nobody
 * feeds it, but as it could be fed, nothing is inferred from it.
 */
const openTwins = (graph: Graph): ReadonlyMap<string, Constant> => {
  const prepared = preparationNodes(graph)
  const constants = new Map(graph.constants.map((constant) => [constant.value.name, constant]))
  const twins = new Map<string, Constant>()
  for (const node of graph.nodes) {
    const name = node.inputs[1]?.name
    if (!SIZE_READERS.has(node.op) || prepared.has(node) || name === undefined) continue
    const constant = constants.get(name)
    if (constant === undefined) continue
    twins.set(name, { ...constant, value: { ...constant.value, name: `${name}:open` } })
  }
  return twins
}

const bytesOfArray = ({ buffer, byteOffset, byteLength }: InlineData): Uint8Array<ArrayBuffer> =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)

const encodeConstant = (constant: Constant, locate: LocateWeight): TensorProto => {
  const { value } = constant
  const common = { name: value.name, dims: value.shape.map(BigInt), dataType: ONNX_TYPE[value.dtype] }
  if (constant.source === 'inline')
    return create(TensorProtoSchema, { ...common, rawData: bytesOfArray(constant.data) })
  const { location, offsetBytes } = locate(constant.weight)
  const entry = (key: string, text: string | number) =>
    create(StringStringEntryProtoSchema, { key, value: String(text) })
  return create(TensorProtoSchema, {
    ...common,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [
      entry('location', location),
      entry('offset', offsetBytes),
      entry('length', weightBytes(constant.weight)),
    ],
  })
}

/** The deepest folder that holds every file: ONNX Runtime refuses external data outside its base folder. */
const commonDir = (files: readonly string[]): string | null => {
  const [first, ...rest] = files.map((file) => dirname(file).split(sep))
  if (first === undefined) return null
  const shared = rest.reduce((prefix, parts) => {
    const end = prefix.findIndex((part, index) => part !== parts[index])
    return end === -1 ? prefix : prefix.slice(0, end)
  }, first)
  return shared.join(sep) || sep
}

/** The weights' own files, relative to `dir`. Throws GraphError if there are only configs. */
const inCheckpoint =
  (dir: string | null): LocateWeight =>
  ({ key, stored, offsetBytes }) => {
    if (stored === null || dir === null) {
      throw new GraphError(`${key}: a graph made from configs alone has no weights to run with`)
    }
    const location = relative(dir, stored.file).split(sep).join('/')
    return { location, offsetBytes: stored.offsetBytes + offsetBytes }
  }

/** The recorded graph as a ModelProto. Weights are named by file, offset and length, not contained. */
export const encodeModel = (graph: Graph, locate: LocateWeight, sizes: Sizes = 'stated'): Uint8Array => {
  const twins = sizes === 'open' ? openTwins(graph) : new Map<string, Constant>()
  const twinValues = [...twins.values()].map(({ value }) => value)
  const inputName = (node: Node, value: Value | null, index: number): string => {
    const twin = index === 1 && SIZE_READERS.has(node.op) ? twins.get(value?.name ?? '') : undefined
    return (twin?.value ?? value)?.name ?? ''
  }
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'svd-batch',
    opsetImport: [...new Set(graph.nodes.map(({ domain }) => domain)).add('')].map((domain) =>
      create(OperatorSetIdProtoSchema, {
        domain,
        version: BigInt(domain === '' ? OPSET_VERSION : CONTRIB_VERSION),
      }),
    ),
    graph: create(GraphProtoSchema, {
      name: graph.name,
      input: [...graph.inputs, ...twinValues].map((value) => encodeValueInfo(value, sizes)),
      output: graph.outputs.map((value) => encodeValueInfo(value, sizes)),
      initializer: [...graph.constants, ...twins.values()].map((constant) =>
        encodeConstant(constant, locate),
      ),
      node: graph.nodes.map((node) =>
        create(NodeProtoSchema, {
          name: node.name,
          opType: node.op,
          domain: node.domain,
          input: node.inputs.map((value, index) => inputName(node, value, index)),
          output: outputNames(node),
          attribute: Object.entries(node.attributes).map(([name, attribute]) =>
            encodeAttribute(name, attribute),
          ),
        }),
      ),
    }),
  })
  return toBinary(ModelProtoSchema, model)
}

/** Writes the recorded graph as an ONNX model whose initializers point into the checkpoint's files. */
export const encodeOnnx = (graph: Graph, { sizes = 'stated' }: { sizes?: Sizes } = {}): OnnxModel => {
  const files = graph.constants.flatMap((constant) =>
    constant.source === 'weight' && constant.weight.stored !== null ? [constant.weight.stored.file] : [],
  )
  const externalDataDir = commonDir([...new Set(files)])
  return { bytes: encodeModel(graph, inCheckpoint(externalDataDir), sizes), externalDataDir }
}
