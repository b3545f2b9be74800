import { z } from 'zod'
import type { Graph } from '../../worker/compiler/graph/graph.ts'
import { statisticsOf } from '../../worker/compiler/graph/statistics.ts'
import type { GraphMemory } from '../../worker/engine/memory/graph-memory.ts'
import { openSession, prepareSession } from '../../worker/engine/session.ts'
import type { OpenSession } from '../../worker/engine/session-pool.ts'
import type { Outputs } from '../../worker/engine/tensor.ts'

/** Time and memory of one network, from its preparation to the release of its session. */
export const networkRowSchema = z.object({
  type: z.literal('network'),
  network: z.string(),
  nodes: z.int(),
  flops: z.number(),
  weightBytes: z.number(),
  /** Activations that are alive at once, by the graph alone. */
  aliveBytes: z.number(),
  /** Byte count of the session, as the memory planner predicts it. */
  predictedBytes: z.number(),
  /** Computing weights and keeping them in the cache, or verifying those that it has. */
  prepareSeconds: z.number(),
  /** `openSession` with the weights in the cache. */
  openSeconds: z.number(),
  /** The first one plans convolutions and fills the arena. */
  runSeconds: z.array(z.number()),
  nonFiniteValues: z.number(),
  /** By the clock of the day, in ms: samples of memory have such times too. */
  fromMs: z.number(),
  untilMs: z.number(),
})

export type NetworkRow = z.infer<typeof networkRowSchema>

const sumOf = (numbers: Iterable<number>): number => {
  let sum = 0
  for (const number of numbers) sum += number
  return sum
}

const nonFiniteIn = (numbers: Float32Array): number => {
  let count = 0
  for (const number of numbers) if (!Number.isFinite(number)) count++
  return count
}

/** Values that are NaN or infinite. A decoder that gives bytes counts those that it had before. */
const nonFiniteValuesOf = (outputs: Outputs): number =>
  Object.entries(outputs).reduce((total, [name, { data }]) => {
    if (name === 'non_finite_values') return total + sumOf(data)
    return total + (data instanceof Float32Array ? nonFiniteIn(data) : 0)
  }, 0)

const timed = async <T>(work: () => Promise<T>): Promise<readonly [seconds: number, result: T]> => {
  const started = performance.now()
  const result = await work()
  return [(performance.now() - started) / 1000, result]
}

/** A decoder's frames are part of its name: a clip can have two of them. */
const nameOf = ({ name, inputs }: Graph): string =>
  name === 'vae_decoder' ? `${name}, ${inputs[0]?.shape[0]} frames` : name

/** Opens sessions as the product does, and reports what each took when it is closed. */
export const timedSessions =
  (onClosed: (row: NetworkRow) => void, memoryOf: (graph: Graph) => GraphMemory): OpenSession =>
  async (graph, options) => {
    const fromMs = Date.now()
    const { nodes, flops, weightBytes, peakActivationBytes: aliveBytes } = statisticsOf(graph)
    const { bytes: predictedBytes } = memoryOf(graph)
    const [prepareSeconds] = await timed(() => prepareSession(graph, options))
    const [openSeconds, session] = await timed(() => openSession(graph, options))
    const runSeconds: number[] = []
    let nonFiniteValues = 0
    let untilMs = Date.now()
    return {
      name: session.name,
      async run(inputs) {
        const [seconds, outputs] = await timed(() => session.run(inputs))
        runSeconds.push(seconds)
        untilMs = Date.now()
        nonFiniteValues += nonFiniteValuesOf(outputs)
        return outputs
      },
      async [Symbol.asyncDispose]() {
        await session[Symbol.asyncDispose]()
        onClosed({
          type: 'network',
          ...{ network: nameOf(graph), nodes, flops, weightBytes, aliveBytes, predictedBytes },
          ...{ prepareSeconds, openSeconds, runSeconds, nonFiniteValues, fromMs, untilMs },
        })
      },
    }
  }
