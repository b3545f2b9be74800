import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Content, foldGraph, planFolding } from '../../worker/compiler/graph/constant-folding.ts'
import type { Graph } from '../../worker/compiler/graph/graph.ts'
import { bytesOf } from '../../worker/compiler/graph/value.ts'
import { withPreparedWeights } from '../../worker/engine/prepared-weights.ts'

/**
 * The result of `withPreparedWeights` for a graph of zero weights, without computing gigabytes of zeros. Large
 * results lie in one sparse file in `dir`, which takes no space on the disk. Small results are computed.
 */
export const withSparseWeights = async (recorded: Graph, dir: string): Promise<Graph> => {
  const graph = await withPreparedWeights(recorded, { cacheDir: null })
  const { reads, inline, large } = planFolding(graph, (name) => name)
  if (inline.length > 0) throw new Error(`${graph.name}: ${inline[0]?.name} is not folded yet`)
  const file = join(dir, `${graph.name}.${crypto.randomUUID()}.weights`)
  const contents = new Map<string, Content>()
  let end = 0
  for (const { value } of large) {
    const { name: key, shape } = value
    const dtype = value.dtype === 'float16' ? 'float16' : 'float32'
    const stored = {
      ...{ key, shape, file, offsetBytes: end, sizeBytes: bytesOf(value) },
      dtype: dtype === 'float16' ? 'F16' : 'F32',
    } as const
    contents.set(key, { source: 'weight', weight: { key, dtype, shape, offsetBytes: 0, stored } })
    end += bytesOf(value)
  }
  await using handle = await open(file, 'w')
  await handle.truncate(end)
  return foldGraph(graph, { reads }, contents)
}
