import { type Constant, type Graph, GraphError, type Node } from './graph.ts'
import { bytesOf, type Value } from './value.ts'
import { neededFor, preparationHashes, preparationNodes } from './weight-preparation.ts'

/*
 * A graph whose preparation is replaced by its results:
 *
 *     weight ── Reshape ── Cast ── Transpose ── Reshape ──▶ Conv      constant ──▶ Conv
 *               │                  │            └ the root's bytes under another shape
 *               │                  └ root: computed once
 *               └ view of a constant: the stored bytes under another shape, never copied
 *
 * A layer that works in chunks prepares its weight once for each chunk. Equal results are recognised by their hashes,
 * so that the session gets one constant instead: 2.8 GB of kernels in SVD-XT's denoise step instead of 10.3 GB.
 */

/** Ops that change the shape alone. */
const VIEWS = new Set(['Reshape', 'Identity'])

type ContentOf<Source> = Source extends Constant ? Omit<Source, 'value'> : never
/** Content of a constant: its numbers or stored bytes, without name and shape. */
export type Content = ContentOf<Constant>

const underShape = (value: Value, content: Content): Constant =>
  content.source === 'inline'
    ? { ...content, value }
    : { ...content, value, weight: { ...content.weight, shape: value.shape } }

/** The same graph with constants in place of views of constants. */
export const foldViews = (graph: Graph): Graph => {
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const constants = new Map(graph.constants.map((constant) => [constant.value.name, constant]))
  /** The name of each constant → the name of the first one with the same bytes. */
  const origins = new Map(graph.constants.map(({ value: { name } }) => [name, name]))
  const views = new Map(graph.constants.map(({ value }) => [`${value.name}[${value.shape}]`, value]))
  const replacements = new Map<string, Value>()
  const nodes: Node[] = []
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((value) => replacements.get(value?.name ?? '') ?? value)
    const [value] = node.outputs
    const source = VIEWS.has(node.op) ? constants.get(inputs[0]?.name ?? '') : undefined
    if (source === undefined || value === undefined) {
      nodes.push({ ...node, inputs })
      continue
    }
    const origin = origins.get(source.value.name) ?? source.value.name
    // An output keeps its name, by which the caller asks for it.
    const key = outputs.has(value.name) ? value.name : `${origin}[${value.shape}]`
    const view = views.get(key) ?? value
    views.set(key, view)
    replacements.set(value.name, view)
    if (constants.has(view.name)) continue
    constants.set(view.name, underShape(view, source))
    origins.set(view.name, origin)
  }
  return { ...graph, ...neededFor({ nodes, constants: [...constants.values()] }, graph.outputs) }
}

/** A result up to this size is kept inside the graph: bookkeeping in a file costs more than it saves. */
const INLINE_MAX_BYTES = 64 * 1024

/** A value that nodes outside the preparation, or the graph's caller, read of it. */
interface Read {
  readonly value: Value
  /** Name of the value whose bytes these are. */
  readonly root: string
  readonly isOutput: boolean
}

export interface HashedValue {
  readonly value: Value
  /** Hash of what the value is computed from and how. */
  readonly hash: string
}

/** Plan of what is computed so that no node of the preparation is left. No two roots have the same content. */
export interface Folding {
  readonly reads: readonly Read[]
  /** Roots whose results go inside the graph. */
  readonly inline: readonly Value[]
  /** Roots whose results are large weights, float32 or float16; sorted by hash. */
  readonly large: readonly HashedValue[]
}

/** The names of all values that a weight of the checkpoint goes into. */
const weightDependents = (graph: Graph, preparation: ReadonlySet<Node>): ReadonlySet<string> => {
  const weights = graph.constants.filter(({ source }) => source === 'weight')
  const names = new Set(weights.map(({ value }) => value.name))
  for (const { inputs, outputs } of preparation) {
    if (!inputs.some((value) => value !== null && names.has(value.name))) continue
    for (const { name } of outputs) names.add(name)
  }
  return names
}

/** `fileId` identifies a weight file's content. Throws GraphError if what is prepared ends as bfloat16. */
export const planFolding = (graph: Graph, fileId: (file: string) => string): Folding => {
  const preparation = preparationNodes(graph)
  const producers = new Map<string, Node>()
  for (const node of preparation) for (const { name } of node.outputs) producers.set(name, node)
  const rootOf = (value: Value): Value => {
    const producer = producers.get(value.name)
    const source = producer !== undefined && VIEWS.has(producer.op) ? producer.inputs[0] : null
    return source == null ? value : rootOf(source)
  }

  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const readOutside = graph.nodes.filter((node) => !preparation.has(node)).flatMap(({ inputs }) => inputs)
  const rooted = new Map<string, { readonly value: Value; readonly root: Value }>()
  for (const value of [...readOutside, ...graph.outputs]) {
    if (value !== null && producers.has(value.name)) rooted.set(value.name, { value, root: rootOf(value) })
  }
  const candidates = [...rooted.values()].map(({ root }) => root)
  const bfloat16 = candidates.find(({ dtype }) => dtype === 'bfloat16')
  // onnxruntime-node has no bfloat16 results.
  if (bfloat16 !== undefined) throw new GraphError(`${bfloat16.name}: is computed as bfloat16; cast it first`)
  const hashes = preparationHashes(graph, candidates, fileId)
  const byHash = new Map<string, Value>()
  const firstOfEqual = new Map<string, string>()
  candidates.forEach((root, index) => {
    const hash = hashes[index] ?? ''
    const first = byHash.get(hash) ?? root
    byHash.set(hash, first)
    firstOfEqual.set(root.name, first.name)
  })
  const reads = [...rooted.values()].map(({ value, root }) => ({
    value,
    root: firstOfEqual.get(root.name) ?? root.name,
    isOutput: outputs.has(value.name),
  }))

  const fromWeights = weightDependents(graph, preparation)
  const readByCaller = new Set(reads.filter(({ isOutput }) => isOutput).map(({ root }) => root))
  /*
   * What depends on the clip's size goes inside the graph however large it is, or the file would be another one for
   * each number of frames: rows repeated for each image, and results that the caller reads. In SVD-XT's denoise step
   * of 25 frames these are 16 MB, in its other graphs 1 MB.
   */
  const isInline = (value: Value): boolean =>
    bytesOf(value) <= INLINE_MAX_BYTES ||
    producers.get(value.name)?.op === 'Expand' ||
    readByCaller.has(value.name) ||
    !fromWeights.has(value.name) ||
    !(value.dtype === 'float32' || value.dtype === 'float16')

  const roots = [...byHash].map(([hash, value]) => ({ hash, value }))
  return {
    reads,
    inline: roots.map(({ value }) => value).filter(isInline),
    large: roots.filter(({ value }) => !isInline(value)).sort((a, b) => (a.hash < b.hash ? -1 : 1)),
  }
}

/**
 * The same graph with constants in place of what was computed; `contents` has it by root. A root that is not in it is
 * still computed by nodes, but once where there are equal ones.
 */
export const foldGraph = (
  graph: Graph,
  { reads }: Pick<Folding, 'reads'>,
  contents: ReadonlyMap<string, Content>,
): Graph => {
  const added = new Map<string, Constant>()
  const sources = new Map<string, Value>()
  const replacements = new Map<string, Value>()
  for (const { value, root, isOutput } of reads) {
    const key = isOutput ? value.name : `${root}[${value.shape}]`
    const source = sources.get(key) ?? value
    sources.set(key, source)
    replacements.set(value.name, source)
    const content = contents.get(root)
    if (content !== undefined) added.set(source.name, underShape(source, content))
  }
  const preparation = preparationNodes(graph)
  const nodes = graph.nodes
    .filter(({ outputs }) => !outputs.some(({ name }) => added.has(name)))
    .map((node) => {
      if (preparation.has(node)) return node
      const inputs = node.inputs.map((value) => replacements.get(value?.name ?? '') ?? value)
      return { ...node, inputs }
    })
  const constants = [...graph.constants, ...added.values()]
  return { ...graph, ...neededFor({ nodes, constants }, graph.outputs) }
}
