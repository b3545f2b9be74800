import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Graph, Node } from '../../worker/compiler/graph/graph.ts'
import type { DType, Value } from '../../worker/compiler/graph/value.ts'

export type Provider = 'CUDAExecutionProvider' | 'CPUExecutionProvider'

/** Name, and its type: a parameter such as `T`, or a type. `variadic`: the last one stands for all that follow. */
const parameterSchema = z.tuple([z.string(), z.string()]).rest(z.literal('variadic'))
const opSchema = z.object({
  /** The last opset, up to 20, that changed the op. */
  since: z.int(),
  inputs: z.array(parameterSchema),
  outputs: z.array(parameterSchema),
})
/** First and last version, and the types that each parameter may have. No last version: the first alone. */
const kernelSchema = z.tuple([z.int(), z.int().nullable(), z.record(z.string(), z.array(z.string()))])
const byDomain = <T extends z.ZodType>(value: T) => z.record(z.string(), z.record(z.string(), value))
const tableSchema = z.object({
  onnxruntime: z.string(),
  opset: z.int(),
  schemas: byDomain(opSchema),
  providers: z.record(z.string(), byDomain(z.array(kernelSchema))),
})

type Op = z.infer<typeof opSchema>
type Parameter = z.infer<typeof parameterSchema>
type Kernel = z.infer<typeof kernelSchema>

/** The kernels of ONNX Runtime's providers, as README.md says they were read from its binaries. */
export const KERNEL_TABLE = tableSchema.parse(
  JSON.parse(await readFile(new URL('./kernels-1.30.0.json', import.meta.url), 'utf8')),
)

export interface KernelFault {
  /** The node's name. */
  readonly node: string
  readonly op: string
  readonly message: string
}

const TYPE: Readonly<Record<DType, string>> = {
  float32: 'float',
  float16: 'float16',
  bfloat16: 'bfloat16',
  int64: 'int64',
  uint8: 'uint8',
  bool: 'bool',
}

/** A kernel without a last version serves its own version alone: it does not mean "and later". */
const servesVersion = ([first, last]: Kernel, since: number): boolean =>
  first === since || (last !== null && first < since && since <= last)

interface Argument {
  readonly parameter: string
  readonly typeParameter: string
  readonly type: string
}

const pairUp = (values: readonly (Value | null)[], parameters: readonly Parameter[]): readonly Argument[] =>
  values.flatMap((value, index) => {
    const last = parameters.at(-1)
    const [parameter, typeParameter] = parameters[index] ?? (last?.[2] === 'variadic' ? last : [])
    if (value === null || parameter === undefined || typeParameter === undefined) return []
    return [{ parameter, typeParameter, type: TYPE[value.dtype] }]
  })

/** ONNX Runtime looks for a constraint's name among the type parameters, and among the parameters themselves. */
const servesTypes = ([, , types]: Kernel, given: readonly Argument[]): boolean =>
  Object.entries(types).every(([name, accepted]) =>
    given
      .filter(({ parameter, typeParameter }) => name === typeParameter || name === parameter)
      .every(({ type }) => accepted.includes(type)),
  )

const versions = (kernels: readonly Kernel[]): string =>
  [
    ...new Set(
      kernels.map(([first, last]) => (last === null || last === first ? `${first}` : `${first}–${last}`)),
    ),
  ].join(', ')

const faultOf = (
  node: Node,
  op: Op | undefined,
  kernels: readonly Kernel[],
  provider: Provider,
): string | null => {
  const name = node.domain === '' ? node.op : `${node.domain}.${node.op}`
  if (op === undefined) return `${name} is not an op at opset ${KERNEL_TABLE.opset}`
  if (kernels.length === 0) return `${provider} has no kernel of ${name}`
  const current = kernels.filter((kernel) => servesVersion(kernel, op.since))
  if (current.length === 0) {
    return `${provider} has no kernel of ${name} version ${op.since}; it has versions ${versions(kernels)}`
  }
  const given = [...pairUp(node.inputs, op.inputs), ...pairUp(node.outputs, op.outputs)]
  if (current.some((kernel) => servesTypes(kernel, given))) return null
  const types = given.map(({ parameter, type }) => `${parameter} ${type}`).join(', ')
  const accepted = current.map(([, , constraints]) => JSON.stringify(constraints)).join(' or ')
  return `${provider} has no kernel of ${name} for ${types}; it accepts ${accepted}`
}

/**
 * The nodes of a recorded graph that the provider has no kernel for: of that op, domain, version and types. A kernel may
 * refuse a node all the same when it runs, for its shapes or attributes; `runOnStandIn` shows that.
 */
export const kernelFaults = (
  graph: Graph,
  { provider }: { readonly provider: Provider },
): readonly KernelFault[] =>
  graph.nodes.flatMap((node) => {
    const op = KERNEL_TABLE.schemas[node.domain]?.[node.op]
    const kernels = KERNEL_TABLE.providers[provider]?.[node.domain]?.[node.op] ?? []
    const message = faultOf(node, op, kernels, provider)
    return message === null ? [] : [{ node: node.name, op: node.op, message }]
  })
