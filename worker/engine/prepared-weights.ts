import { createHash } from 'node:crypto'
import { constants, statSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Content,
  foldGraph,
  foldViews,
  type HashedValue,
  planFolding,
} from '../compiler/graph/constant-folding.ts'
import type { Graph, InlineData } from '../compiler/graph/graph.ts'
import { bytesOf, type DType, type Value } from '../compiler/graph/value.ts'
import { type ComputedConstant, computeConstants } from './compute-constants.ts'
import { onnxruntime } from './onnxruntime.ts'
import { beginVerification, writeVerified } from './verified-file.ts'

/** Changes with anything that changes the numbers in such a file; the runtime that computes them is part of it. */
const format = (): string => `2:onnxruntime-${onnxruntime().env.versions.node ?? ''}`
const ALIGNMENT_BYTES = 64

interface Placed {
  readonly value: Value
  readonly offsetBytes: number
}

const paddingTo = (offsetBytes: number): number => -offsetBytes & (ALIGNMENT_BYTES - 1)

const place = (
  values: readonly HashedValue[],
): { readonly placed: readonly Placed[]; readonly totalBytes: number } => {
  let end = 0
  const placed = values.map(({ value }): Placed => {
    const offsetBytes = end
    end += bytesOf(value)
    end += paddingTo(end)
    return { value, offsetBytes }
  })
  return { placed, totalBytes: end }
}

/** The bytes of computed weights, each padded so that the next one is aligned. */
async function* padded(constants: AsyncIterable<ComputedConstant>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const { bytes } of constants) {
    yield bytes
    yield new Uint8Array(paddingTo(bytes.length))
  }
}

/**
 * A checkpoint's file is taken for the same as long as path, size and modification time are. A file that was changed
 * in place without a new time, or whose old time was restored, is not noticed: delete the cache then.
 */
const fileId = (file: string): string => {
  const { size, mtimeMs } = statSync(file)
  return `${file}:${size}:${mtimeMs}`
}

const inlineData = (
  dtype: DType,
  { buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>,
): InlineData => {
  if (dtype === 'float32') return new Float32Array(buffer, byteOffset, byteLength / 4)
  if (dtype === 'float16') return new Uint16Array(buffer, byteOffset, byteLength / 2)
  if (dtype === 'int64') return new BigInt64Array(buffer, byteOffset, byteLength / 8)
  throw new TypeError(`a constant that is prepared cannot be ${dtype}`)
}

const computeInline = async (graph: Graph, values: readonly Value[]): Promise<Map<string, Content>> => {
  const contents = new Map<string, Content>()
  for await (const { value, bytes } of computeConstants(graph, values)) {
    contents.set(value.name, { source: 'inline', data: inlineData(value.dtype, bytes) })
  }
  return contents
}

const inFile = (file: string, { value, offsetBytes }: Placed): Content => {
  const { name: key, shape } = value
  const dtype = value.dtype === 'float16' ? 'float16' : 'float32'
  const stored = {
    ...{ key, shape, file, offsetBytes },
    dtype: dtype === 'float16' ? 'F16' : 'F32',
    sizeBytes: bytesOf(value),
  } as const
  return { source: 'weight', weight: { key, dtype, shape, offsetBytes: 0, stored } }
}

/** Whether a file that is there is read before the graph is returned, or while its session is created. */
type VerificationTime = 'before' | 'meanwhile'

interface KeptValues {
  readonly contents: ReadonlyMap<string, Content>
  readonly file: string
  readonly isIntact: Promise<boolean>
}

const INTACT = Promise.resolve(true)

const keepInFile = async (
  graph: Graph,
  large: readonly HashedValue[],
  cacheDir: string,
  time: VerificationTime,
): Promise<KeptValues> => {
  const { placed, totalBytes } = place(large)
  const name = createHash('sha256').update([format(), ...large.map(({ hash }) => hash)].join('\n'))
  const file = join(cacheDir, `${name.digest('hex')}.weights`)
  const contents = new Map(placed.map((item) => [item.value.name, inFile(file, item)]))
  const verification = await beginVerification(file, totalBytes)
  if (verification !== null && (time === 'meanwhile' || (await verification.isIntact))) {
    // The second try reads the file before it is used, and reports what keeps it from being read.
    return { contents, file, isIntact: verification.isIntact.catch(() => false) }
  }
  const values = large.map(({ value }) => value)
  await writeVerified(file, padded(computeConstants(graph, values)))
  return { contents, file, isIntact: INTACT }
}

interface PreparedGraph {
  readonly graph: Graph
  /** The file of its weights; `null`: it needs none. */
  readonly file: string | null
  /** Whether the file of its weights holds what was written: false, and a session of the graph must not run. */
  readonly isIntact: Promise<boolean>
}

export interface PreparationOptions {
  /** `null`: nothing is kept. */
  readonly cacheDir: string | null
  /** The cache cannot be read or written; default: nothing is done. */
  readonly onUnkept?: (error: unknown) => void
}

const prepareWeights = async (
  recorded: Graph,
  { cacheDir, onUnkept }: PreparationOptions,
  time: VerificationTime,
): Promise<PreparedGraph> => {
  const graph = foldViews(recorded)
  const folding = planFolding(graph, fileId)
  if (folding.reads.length === 0) return { graph, file: null, isIntact: INTACT }
  const { inline, large } = folding
  const small = await computeInline(graph, inline)
  const unkept = (): PreparedGraph => ({
    graph: foldGraph(graph, folding, small),
    ...{ file: null, isIntact: INTACT },
  })
  if (cacheDir === null || large.length === 0) return unkept()
  try {
    const { contents, ...kept } = await keepInFile(graph, large, cacheDir, time)
    return { graph: foldGraph(graph, folding, new Map([...small, ...contents])), ...kept }
  } catch (error) {
    onUnkept?.(error)
    return unkept()
  }
}

/**
 * The graph with what depends on constants alone in place of the nodes that compute it. Small results are inside the
 * graph. Large ones are in a file in `cacheDir`, which is written if it is not there or damaged: a session maps it, so
 * that it starts faster and holds one copy instead of two. Without `cacheDir`, or where it cannot be written
 * (`onUnkept`), the nodes of the large results stay: the session has to fold them when it is created.
 */
export const withPreparedWeights = async (recorded: Graph, options: PreparationOptions): Promise<Graph> =>
  (await prepareWeights(recorded, options, 'before')).graph

const isReadable = (file: string): Promise<boolean> =>
  access(file, constants.R_OK).then(
    () => true,
    () => false,
  )

/**
 * Makes something of the graph with its weights prepared, such as a session, while the file of the weights is verified.
 * If that file is damaged, cannot be read or is deleted meanwhile, what was made is discarded, the file is written anew,
 * and `make` is called once more.
 */
export const makeOfPreparedWeights = async <T>(
  recorded: Graph,
  options: PreparationOptions,
  { make, discard }: { make(graph: Graph): Promise<T>; discard(made: T): Promise<void> },
): Promise<T> => {
  const { graph, file, isIntact } = await prepareWeights(recorded, options, 'meanwhile')
  try {
    const made = await make(graph)
    if (await isIntact) return made
    await discard(made)
  } catch (error) {
    if ((await isIntact) && (file === null || (await isReadable(file)))) throw error
  }
  return await make(await withPreparedWeights(recorded, options))
}
