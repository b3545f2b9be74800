import type * as Ort from 'onnxruntime-node'
import { elementCount } from '../checkpoint/element-count.ts'
import { encodeOnnx } from '../compiler/graph/encode-onnx.ts'
import type { Graph } from '../compiler/graph/graph.ts'
import { preparationNodes } from '../compiler/graph/weight-preparation.ts'
import { explainSessionError } from './explain-session-error.ts'
import { withReserve } from './memory/cuda-memory.ts'
import type { Reserve } from './memory/graph-memory.ts'
import { onnxruntime } from './onnxruntime.ts'
import { makeOfPreparedWeights, type PreparationOptions, withPreparedWeights } from './prepared-weights.ts'
import { runningOptions, type SessionProvider } from './session-options.ts'
import type { ByteTensor, Outputs, Tensor } from './tensor.ts'

export interface SessionOptions {
  /** Default `cpu`. */
  readonly provider?: SessionProvider
  /** Threads of one network's run; 0 takes one per physical core. */
  readonly threads: number
  /** Folder in which prepared weights are kept; without it they are computed for each session anew. */
  readonly cacheDir?: string | null
  /** The buffer that a graph's runs allocate first, as the memory planner chose it; default: none. */
  readonly reserveOf?: (graph: Graph) => Reserve | null
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

const outputTensor = (graph: Graph, name: string, { type, data, dims }: Ort.Tensor): Tensor | ByteTensor => {
  if (type === 'float32') return { data: data as Float32Array, shape: dims }
  if (type === 'uint8') return { data: data as Uint8Array, shape: dims }
  throw new TypeError(`${graph.name}: output ${name} is ${type}; cast it to float32 or uint8 in the graph`)
}

/** A cache that cannot be written (read-only, full) costs time and memory, not the clip. */
const warnUnkept =
  (graph: Graph, cacheDir: string | null) =>
  (error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error)
    process.emitWarning(`weights of ${graph.name} are not kept in ${cacheDir}: ${reason}`)
  }

export interface SessionModel {
  /** ModelProto; its large constants are in files. */
  readonly bytes: Uint8Array
  readonly ortOptions: Ort.InferenceSession.SessionOptions
}

const preparationOf = (graph: Graph, { cacheDir = null }: SessionOptions): PreparationOptions => ({
  cacheDir,
  onUnkept: warnUnkept(graph, cacheDir),
})

/** The model and the options for a session of ONNX Runtime. */
const modelOf = (
  ready: Graph,
  { provider = 'cpu', threads, reserveOf = () => null }: SessionOptions,
): SessionModel => {
  const { bytes, externalDataDir } = encodeOnnx(withReserve(ready, reserveOf(ready)), { sizes: 'open' })
  const foldsConstants = preparationNodes(ready).size > 0
  return { bytes, ortOptions: runningOptions({ provider, threads, externalDataDir, foldsConstants }) }
}

/** Prepares the graph's weights, and returns what a session is created from. */
export const prepareSession = async (graph: Graph, options: SessionOptions): Promise<SessionModel> =>
  modelOf(await withPreparedWeights(graph, preparationOf(graph, options)), options)

/**
 * Throws `DeviceFaultError` where the card fails, at the creation and at each run; and what ONNX Runtime throws for other
 * reasons.
 */
export const openSession = async (graph: Graph, options: SessionOptions): Promise<Session> => {
  const explain = async (error: unknown): Promise<never> => {
    throw options.provider === 'cuda' ? await explainSessionError(graph.name, error) : error
  }
  const session = await makeOfPreparedWeights(graph, preparationOf(graph, options), {
    make(ready) {
      const { bytes, ortOptions } = modelOf(ready, options)
      return onnxruntime().InferenceSession.create(bytes, ortOptions).catch(explain)
    },
    discard: (damaged) => damaged.release(),
  })
  return {
    name: graph.name,
    async run(inputs) {
      checkInputs(graph, inputs)
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, shape }]) => [
          name,
          new (onnxruntime().Tensor)('float32', data, shape),
        ]),
      )
      const results = await session.run(feeds).catch(explain)
      return Object.fromEntries(
        Object.entries(results).map(([name, result]) => [name, outputTensor(graph, name, result)]),
      )
    },
    [Symbol.asyncDispose]: () => session.release(),
  }
}
