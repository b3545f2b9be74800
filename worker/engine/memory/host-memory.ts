import type { Graph } from '../../compiler/graph/graph.ts'
import { bytesOf, type Value } from '../../compiler/graph/value.ts'
import { preparationGraph } from '../../compiler/graph/weight-preparation.ts'
import { preparationBatches } from '../preparation-batches.ts'
import type { FoldedGraph } from './folded-graph.ts'

/*
 * The memory of the host that a network takes while it runs on a card. Measured over a stand-in, whose device memory
 * takes none of the host's:
 *
 *     each node                   10 KB as an object here, and 20 KB in its session
 *     each 256 bytes of arena     8 bytes: ONNX Runtime has a table of them for every region. 512 MiB for 16 GiB.
 *     each output                 twice: ONNX Runtime's and the caller's
 *     weights                     none: they are copied to the card straight from their mapped files
 *     preparing weights, before   all that is computed of one batch, and the weights that it comes from
 *
 * The garbage collector frees arrays late: earlier outputs and prepared weights, up to some 100 MB, are still there.
 */

/** Memory of the host that one graph takes. */
export interface HostMemory {
  /** Bytes taken from the graph's first run until its session is released. */
  readonly sessionBytes: number
  /** Bytes taken before there is a session, while weights are prepared, as if none were in the cache. */
  readonly preparingBytes: number
  /** Bytes of the outputs of one run, counted once. */
  readonly outputBytes: number
  /** Bytes of the graph itself, from its recording on. */
  readonly graphBytes: number
  /** Bytes of all arrays that are made for the graph and freed late. */
  readonly arrayBytes: number
}

/** Host memory of networks on a device whose memory is the host's. */
export const NO_HOST_MEMORY: HostMemory = {
  ...{ sessionBytes: 0, preparingBytes: 0, outputBytes: 0, graphBytes: 0, arrayBytes: 0 },
}

const NODE_BYTES = 10_000
const SESSION_NODE_BYTES = 20_000
const ARENA_UNITS_PER_BYTE = 1 / 256
const UNIT_ENTRY_BYTES = 8
/** Inline constants are in the graph, in the model and in ONNX Runtime. */
const INLINE_COPIES = 3
/** Half-precision weights that the CPU multiplies are cast first, some of them at once. */
const SOURCE_COPIES = 1.5
/** The one that is written, and the one before, until it is collected. */
const RESULT_COPIES = 2

/** Ops whose output is their input's bytes. */
const VIEWS = new Set(['Reshape', 'Identity'])

const total = (values: readonly Value[]): number => values.reduce((sum, value) => sum + bytesOf(value), 0)

/** The results, and all that is computed on the way to them. ONNX Runtime frees none before it has all. */
const computedValues = (source: Graph, results: readonly Value[]): readonly Value[] =>
  preparationGraph(source, results)
    .nodes.filter(({ op }) => !VIEWS.has(op))
    .flatMap(({ outputs }) => outputs)

/** Bytes at the peak of computing these results at once. */
const batchBytes = (source: Graph, results: readonly Value[]): number => {
  const sources = preparationGraph(source, results).constants.map(({ value }) => value)
  return (
    total(computedValues(source, results)) + SOURCE_COPIES * total(sources) + RESULT_COPIES * total(results)
  )
}

const preparingBytes = ({ source, folding }: FoldedGraph, keepsWeights: boolean): number => {
  const large = folding.large.map(({ value }) => value)
  const batches = [...preparationBatches(folding.inline), ...(keepsWeights ? preparationBatches(large) : [])]
  // Where no file keeps them, the session computes all of them while it is created.
  const inSession = keepsWeights ? 0 : total(computedValues(source, large))
  return Math.max(inSession, ...batches.map((batch) => batchBytes(source, batch)))
}

/** `arenaBytes`: what the graph takes on the card beside its weights. `keepsWeights`: prepared weights go to a file. */
export const hostMemoryOf = (
  folded: FoldedGraph,
  { arenaBytes, keepsWeights }: { readonly arenaBytes: number; readonly keepsWeights: boolean },
): HostMemory => {
  const { nodes, outputs } = folded.graph
  const { inline, large } = folded.folding
  const inlined = total(inline)
  return {
    sessionBytes:
      SESSION_NODE_BYTES * nodes.length +
      INLINE_COPIES * inlined +
      UNIT_ENTRY_BYTES * ARENA_UNITS_PER_BYTE * arenaBytes,
    preparingBytes: preparingBytes(folded, keepsWeights),
    outputBytes: total(outputs),
    graphBytes: NODE_BYTES * nodes.length,
    arrayBytes: total(outputs) + (keepsWeights ? total(large.map(({ value }) => value)) : 0),
  }
}
