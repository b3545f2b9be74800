import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
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
import { isVerified, writeVerified } from './verified-file.ts'

/** Changes with anything that changes the numbers in such a file; the runtime that computes them is part of it. */
const FORMAT = `2:onnxruntime-${ort.env.versions.node ?? ''}`
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

const keepInFile = async (
  graph: Graph,
  large: readonly HashedValue[],
  cacheDir: string,
): Promise<ReadonlyMap<string, Content>> => {
  const { placed, totalBytes } = place(large)
  const name = createHash('sha256').update([FORMAT, ...large.map(({ hash }) => hash)].join('\n'))
  const file = join(cacheDir, `${name.digest('hex')}.weights`)
  if (!(await isVerified(file, totalBytes))) {
    const values = large.map(({ value }) => value)
    await writeVerified(file, padded(computeConstants(graph, values)))
  }
  return new Map(placed.map((item) => [item.value.name, inFile(file, item)]))
}

/**
 * The graph with what depends on constants alone in place of the nodes that compute it. Small results are inside the
 * graph. Large ones are in a file in `cacheDir`, which is written if it is not there: a session maps it, so that it
 * starts faster and holds one copy instead of two. Without `cacheDir`, or where it cannot be written (`onUnkept`), the
 * nodes of the large results stay: the session has to fold them when it is created.
 */
export const withPreparedWeights = async (
  recorded: Graph,
  cacheDir: string | null,
  onUnkept: (error: unknown) => void = () => {},
): Promise<Graph> => {
  const graph = foldViews(recorded)
  const folding = planFolding(graph, fileId)
  if (folding.reads.length === 0) return graph
  const { inline, large } = folding
  const small = await computeInline(graph, inline)
  if (cacheDir === null || large.length === 0) return foldGraph(graph, folding, small)
  try {
    const kept = await keepInFile(graph, large, cacheDir)
    return foldGraph(graph, folding, new Map([...small, ...kept]))
  } catch (error) {
    onUnkept(error)
    return foldGraph(graph, folding, small)
  }
}
