import type { Graph } from '../../worker/compiler/graph/graph.ts'
import { cudaMemoryOf, withReserve } from '../../worker/engine/memory/cuda-memory.ts'
import { runningOptions } from '../../worker/engine/session-options.ts'
import { type Card, runOnStandIn, type StandInOptions, type StandInRun } from './stand-in-card.ts'

/** A card, and how its attention runs. */
export interface CardSetup {
  readonly name: string
  readonly card: Card
  readonly options: Pick<StandInOptions, 'realCudnn' | 'env'>
}

const withCudnnPlans = (card: Card, env: Readonly<Record<string, string>> = {}): CardSetup => ({
  name: card,
  card,
  options: { realCudnn: true, env },
})

/**
 * Convolutions are planned by NVIDIA's cuDNN. Attention on sm_90 is a graph of cuDNN, which is not planned beside them:
 * h100 is run with flash attention instead, and once more with that graph and with plans that take no workspace.
 */
export const CARD_SETUPS: readonly CardSetup[] = [
  withCudnnPlans('t4'),
  withCudnnPlans('a10g'),
  withCudnnPlans('l4'),
  withCudnnPlans('a100'),
  withCudnnPlans('h100', { ORT_ENABLE_CUDNN_FLASH_ATTENTION: '0' }),
  { name: 'h100, cuDNN attention', card: 'h100', options: {} },
]

const { executionProviders: _, ...SESSION_OPTIONS } = runningOptions({
  ...{ provider: 'cuda', threads: 0, externalDataDir: null, foldsConstants: false },
})

/** Decides graphs and the reserve of the arena, as in the product. */
export const COMPUTE_CAPABILITY: Readonly<Record<Card, number>> = {
  ...{ v100: 70, t4: 75, a10g: 86, l4: 89 },
  ...{ a100: 80, h100: 90 },
}

/** Runs by the name of the setup, in the given order. Two processes run at a time. */
export const runOnCards = async (
  graphOn: (card: Card) => Graph,
  setups: readonly CardSetup[],
): Promise<ReadonlyMap<string, StandInRun>> => {
  const runs: StandInRun[] = []
  const waiting = [...setups.entries()]
  const runWaiting = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, { card, options }] = next
      const graph = graphOn(card)
      const { reserve } = cudaMemoryOf(graph, { computeCapability: COMPUTE_CAPABILITY[card] })
      runs[index] = await runOnStandIn(withReserve(graph, reserve), {
        ...{ ...options, card },
        strict: true,
        sessionOptions: SESSION_OPTIONS,
      })
    }
  }
  await Promise.all([runWaiting(), runWaiting()])
  return new Map(setups.map(({ name }, index) => [name, runs[index]!]))
}
