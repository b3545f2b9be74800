import { encodeOnnx } from '../compiler/graph/encode-onnx.ts'
import type { Graph } from '../compiler/graph/graph.ts'
import { bytesOf, formatType, type Value } from '../compiler/graph/value.ts'
import { preparationGraph } from '../compiler/graph/weight-preparation.ts'
import { onnxruntime } from './onnxruntime.ts'
import { preparationBatches } from './preparation-batches.ts'
import { preparingOptions } from './session-options.ts'

export interface ComputedConstant {
  readonly value: Value
  /** Row-major, little-endian, as `value.dtype`. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

const computeBatch = async (graph: Graph, values: readonly Value[]): Promise<readonly ComputedConstant[]> => {
  const preparation = preparationGraph(graph, values)
  const { bytes, externalDataDir } = encodeOnnx(preparation)
  const casts = preparation.nodes.some(({ op }) => op === 'Cast')
  const session = await onnxruntime().InferenceSession.create(
    bytes,
    preparingOptions({ externalDataDir, casts }),
  )
  try {
    const results = await session.run({})
    return values.map((value) => {
      const data = results[value.name]?.data
      if (data === undefined) throw new TypeError(`${value.name} was not computed`)
      // float16 comes as a Float16Array where Node has one, else as a Uint16Array: its bytes are the same.
      const { buffer, byteOffset, byteLength } = data as Uint16Array<ArrayBuffer>
      if (byteLength !== bytesOf(value)) {
        throw new TypeError(`${value.name}: ${byteLength} bytes were computed for ${formatType(value)}`)
      }
      return { value, bytes: new Uint8Array(buffer, byteOffset, byteLength) }
    })
  } finally {
    await session.release()
  }
}

/** Computes values that depend on constants alone, in the given order. */
export async function* computeConstants(
  graph: Graph,
  values: readonly Value[],
): AsyncGenerator<ComputedConstant> {
  for (const batch of preparationBatches(values)) yield* await computeBatch(graph, batch)
}
