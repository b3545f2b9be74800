import * as ort from 'onnxruntime-node'
import { encodeOnnx } from '../compiler/graph/encode-onnx.ts'
import type { Graph } from '../compiler/graph/graph.ts'
import { preparationNodes } from '../compiler/graph/weight-preparation.ts'
import { withPreparedWeights } from './prepared-weights.ts'
import { type ByteTensor, elementCount, type Outputs, type Tensor } from './tensor.ts'

export interface SessionOptions {
  /** Threads of one network's run; 0 takes one per physical core. */
  readonly threads: number
  /** Where kernels are kept in the runtime's own order; without it they are computed for each session anew. */
  readonly cacheDir?: string | null
}

/** A network ready to run. Its memory is given back when it is disposed. */
export interface Session {
  readonly name: string
  /**
   * Runs the network on this thread; it blocks the event loop, and nothing can stop it but the end of the process.
   * Throws if an input is missing, left over or of another shape, or an output is neither float32 nor uint8.
   */
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Outputs>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * The ops are chosen already, and on thousands of nodes the optimizer takes longer than all else. Weights in half
 * precision are the exception: their casts would be run each time if nothing folded them.
 */
const optimizationOf = (graph: Graph): 'basic' | 'disabled' =>
  [...preparationNodes(graph)].some(({ op }) => op === 'Cast') ? 'basic' : 'disabled'

const ortOptions = (
  graph: Graph,
  externalDataDir: string | null,
  threads: number,
): ort.InferenceSession.SessionOptions => ({
  executionProviders: ['cpu'],
  intraOpNumThreads: threads,
  graphOptimizationLevel: optimizationOf(graph),
  // An arena keeps pages between nodes; fresh ones from the system cost a tenth of the time, and more for large maps.
  enableCpuMemArena: true,
  // A pattern is one more block for the whole plan at the second run, beside the pieces of the first.
  enableMemPattern: false,
  // Error and above: what ORT warns of (constants it folds, nodes it drops) is what the graphs are written for.
  logSeverityLevel: 3,
  extra: {
    session: {
      // Weights outside the arena, each in a block of its own size: the arena rounds up and never shrinks.
      use_device_allocator_for_initializers: '1',
      ...(externalDataDir === null ? {} : { model_external_initializers_file_folder_path: externalDataDir }),
    },
  },
})

const checkInputs = (graph: Graph, inputs: Readonly<Record<string, Tensor>>): void => {
  for (const { name, shape } of graph.inputs) {
    const given = inputs[name]
    if (given === undefined) throw new TypeError(`${graph.name}: input ${name} is missing`)
    if (given.shape.length !== shape.length || given.shape.some((size, axis) => size !== shape[axis])) {
      throw new TypeError(
        `${graph.name}: input ${name} is [${given.shape}], the graph was built for [${shape}]`,
      )
    }
    if (given.data.length !== elementCount(shape)) {
      throw new TypeError(`${graph.name}: input ${name} holds ${given.data.length} numbers for [${shape}]`)
    }
  }
  for (const name of Object.keys(inputs)) {
    if (!graph.inputs.some((input) => input.name === name))
      throw new TypeError(`${graph.name} has no input ${name}`)
  }
}

const outputTensor = (graph: Graph, name: string, { type, data, dims }: ort.Tensor): Tensor | ByteTensor => {
  if (type === 'float32') return { data: data as Float32Array, shape: dims }
  if (type === 'uint8') return { data: data as Uint8Array, shape: dims }
  throw new TypeError(`${graph.name}: output ${name} is ${type}; cast it to float32 or uint8 in the graph`)
}

/** A cache that cannot be written (read-only, full) costs time and memory, not the clip. */
const keepWeights = async (graph: Graph, cacheDir: string): Promise<Graph> => {
  try {
    return await withPreparedWeights(graph, cacheDir)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    process.emitWarning(`weights of ${graph.name} are not kept in ${cacheDir}: ${reason}`)
    return graph
  }
}

export const openSession = async (graph: Graph, options: SessionOptions): Promise<Session> => {
  const ready = options.cacheDir == null ? graph : await keepWeights(graph, options.cacheDir)
  const { bytes, externalDataDir } = encodeOnnx(ready, { sizes: 'open' })
  const session = await ort.InferenceSession.create(
    bytes,
    ortOptions(ready, externalDataDir, options.threads),
  )
  return {
    name: graph.name,
    async run(inputs) {
      checkInputs(graph, inputs)
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, shape }]) => [
          name,
          new ort.Tensor('float32', data, shape),
        ]),
      )
      const results = await session.run(feeds)
      return Object.fromEntries(
        Object.entries(results).map(([name, result]) => [name, outputTensor(graph, name, result)]),
      )
    },
    [Symbol.asyncDispose]: () => session.release(),
  }
}
