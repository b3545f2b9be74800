import { createHash, randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { makeFolders } from '../../shared/make-folders.ts'
import { encodeOnnx } from '../compiler/graph/encode-onnx.ts'
import type { Constant, Graph } from '../compiler/graph/graph.ts'
import { bytesOf, type Value } from '../compiler/graph/value.ts'
import {
  preparationGraph,
  preparationHashes,
  preparedValues,
  withPrepared,
} from '../compiler/graph/weight-preparation.ts'

/** Changes with anything that changes the numbers in such a file; the runtime that computes them is part of it. */
const FORMAT = `1:onnxruntime-${ort.env.versions.node ?? ''}`
const ALIGNMENT_BYTES = 64
/** Computed at once; bounds the memory that preparing takes. */
const BATCH_BYTES = 32 * 2 ** 20

interface Placed {
  readonly value: Value
  readonly offsetBytes: number
  readonly sizeBytes: number
}

const place = (
  values: readonly Value[],
): { readonly placed: readonly Placed[]; readonly totalBytes: number } => {
  let end = 0
  const placed = values.map((value): Placed => {
    const offsetBytes = Math.ceil(end / ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    const sizeBytes = bytesOf(value)
    end = offsetBytes + sizeBytes
    return { value, offsetBytes, sizeBytes }
  })
  return { placed, totalBytes: end }
}

const batchesOf = (placed: readonly Placed[]): readonly (readonly Placed[])[] => {
  const batches: Placed[][] = []
  let room = 0
  for (const item of placed) {
    if (item.sizeBytes > room || batches.length === 0) {
      batches.push([])
      room = BATCH_BYTES
    }
    batches.at(-1)?.push(item)
    room -= item.sizeBytes
  }
  return batches
}

const writeBatch = async (graph: Graph, batch: readonly Placed[], file: FileHandle): Promise<void> => {
  const { bytes, externalDataDir } = encodeOnnx(
    preparationGraph(
      graph,
      batch.map(({ value }) => value),
    ),
  )
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    enableCpuMemArena: false,
    logSeverityLevel: 3,
    extra: {
      session:
        externalDataDir === null ? {} : { model_external_initializers_file_folder_path: externalDataDir },
    },
  })
  try {
    const results = await session.run({})
    for (const { value, offsetBytes } of batch) {
      const computed = results[value.name]
      if (computed === undefined) throw new TypeError(`no weights ${value.name}`)
      const { buffer, byteOffset, byteLength } = computed.data as Float32Array<ArrayBuffer>
      await file.write(new Uint8Array(buffer, byteOffset, byteLength), 0, byteLength, offsetBytes)
    }
  } finally {
    await session.release()
  }
}

/** A checkpoint's file does not change under its name, size and time. */
const fileId = (file: string): string => {
  const { size, mtimeMs } = statSync(file)
  return `${file}:${size}:${mtimeMs}`
}

const isWhole = async (file: string, totalBytes: number): Promise<boolean> =>
  (await stat(file).catch(() => null))?.size === totalBytes

/**
 * The graph with its kernels taken from a file in `cacheDir`, where they lie as the runtime reads them; the file is
 * made if it is not there, under another name until it is whole. Made once a checkpoint, it is then mapped: sessions
 * start faster, and hold one copy of a kernel instead of two. Throws what the file system throws.
 */
export const withPreparedWeights = async (graph: Graph, cacheDir: string): Promise<Graph> => {
  const values = preparedValues(graph)
  if (values.length === 0) return graph
  const { placed, totalBytes } = place(values)
  const key = createHash('sha256').update([FORMAT, ...preparationHashes(graph, values, fileId)].join('\n'))
  const file = join(cacheDir, `${key.digest('hex')}.weights`)

  if (!(await isWhole(file, totalBytes))) {
    await makeFolders(cacheDir)
    const temporary = join(cacheDir, `.${randomUUID()}.partial`)
    try {
      const handle = await open(temporary, 'wx')
      try {
        for (const batch of batchesOf(placed)) await writeBatch(graph, batch, handle)
      } finally {
        await handle.close()
      }
      await rename(temporary, file)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }
  return withPrepared(
    graph,
    placed.map(({ value, offsetBytes, sizeBytes }): Constant => {
      const { name: weightKey, shape } = value
      const stored = { key: weightKey, dtype: 'F32', shape, file, offsetBytes, sizeBytes } as const
      return {
        value,
        source: 'weight',
        weight: { key: weightKey, dtype: 'float32', shape, offsetBytes: 0, stored },
      }
    }),
  )
}
