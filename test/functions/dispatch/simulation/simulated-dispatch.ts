import type { DispatchFigures } from '../../../../functions/dispatch/decide-dispatch.ts'
import type { DispatchLogEvent } from '../../../../functions/dispatch/dispatch-deps.ts'
import { dispatchWorkers } from '../../../../functions/dispatch/dispatch-workers.ts'
import type { BatchJobs } from '../../../../shared/ports/batch-jobs.ts'
import type { QueueDepth } from '../../../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import type { WorkerService } from '../../../../shared/ports/worker-service.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import type { VirtualTime } from '../../../fixtures/virtual-time.ts'
import { type CallFaults, openFaultyCall } from '../../../worker/queue/simulation/faulty-call.ts'
import { openIncarnation } from '../../../worker/queue/simulation/incarnation.ts'
import type { SeededRandom } from '../../../worker/queue/simulation/seeded-random.ts'
import { storeOverNetwork } from '../../../worker/queue/simulation/worker-ports.ts'

export interface SimulatedDispatchOptions {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly output: ObjectStore
  /** `null`: the deployment has none. */
  readonly batch: BatchJobs | null
  readonly service?: WorkerService
  readonly depth: () => QueueDepth
  readonly models: ObjectStore
  readonly figures: DispatchFigures
  readonly faults: () => CallFaults
  /** Chance that a submission, or a count, is given up by its sender, and arrives. */
  readonly late: () => number
  readonly onEvent: (event: DispatchLogEvent) => void
  readonly trace: (line: string) => void
}

const LIFE_MS = 60_000
const TIME_TO_ANSWER_MS = 3_000
const TIME_TO_WRITE_MS = 7_000

/** The real dispatch, in functions that may die at any await. Each call is one of Lambda's. */
export const simulateDispatch = (options: SimulatedDispatchOptions): (() => void) => {
  const { time, random, output, models, batch, service, depth, figures, faults, late, onEvent, trace } =
    options
  let invocations = 0

  return () => {
    const incarnation = openIncarnation(`dispatch.${++invocations}`, time)
    const say = (line: string): void => trace(`${incarnation.name} ${line}`)
    const end = (why: string): void => {
      if (incarnation.isAlive()) say(why)
      incarnation.die()
    }
    const call = openFaultyCall({
      ...{ incarnation, random, faults, trace: say },
      crash: (why) => end(`dies ${why}`),
    })
    const over = new AbortController()
    time.after(LIFE_MS - TIME_TO_ANSWER_MS, () => over.abort(new Error('the time is over')))
    time.after(LIFE_MS, () => end('dies of its timeout'))
    let names = 0
    /** Throws for who sent it, and arrives up to a minute later. */
    const arriveLate = (name: string, effect: () => Promise<unknown>): Promise<never> => {
      time.after(random.between(1_000, 60_000), () => {
        say(`${name}: arrives late`)
        effect().catch(() => {})
      })
      return Promise.reject(new Error('given up'))
    }
    const overNetwork = <T>(name: string, signal: AbortSignal, effect: () => Promise<T>): Promise<T> =>
      random.chance(late()) ? arriveLate(name, effect) : call(name, signal, effect)
    const setup = {
      output: storeOverNetwork({ store: output, call }),
      models: storeOverNetwork({ store: models, call }),
      service:
        service === undefined
          ? null
          : {
              read: (signal: AbortSignal) => call('read', signal, () => service.read(unaborted)),
              setDesired: (count: number, signal: AbortSignal) =>
                overNetwork(`set ${count}`, signal, () => service.setDesired(count, unaborted)),
            },
      jobs: { depth: (signal: AbortSignal) => call('depth', signal, async () => depth()) },
      batch:
        batch === null
          ? null
          : {
              listActive: (signal: AbortSignal) =>
                call('listActive', signal, () => batch.listActive(unaborted)),
              describe: (jobIds: readonly string[], signal: AbortSignal) =>
                call('describe', signal, () => batch.describe(jobIds, unaborted)),
              find: (name: string, signal: AbortSignal) =>
                call(`find ${name}`, signal, () => batch.find(name, unaborted)),
              submit: (name: string, signal: AbortSignal) =>
                overNetwork(`submit ${name}`, signal, () => batch.submit(name, unaborted)),
            },
      figures,
      now: incarnation.clock.now,
      sleep: incarnation.clock.sleep,
      newWorkerName: () => `${incarnation.name}.${++names}`,
      onEvent,
    }
    const untilMs = incarnation.clock.now().getTime() + LIFE_MS - TIME_TO_ANSWER_MS - TIME_TO_WRITE_MS
    dispatchWorkers(setup, { untilMs, signal: over.signal }).then(
      () => end('ends'),
      (error) => end(`throws ${error}`),
    )
  }
}
