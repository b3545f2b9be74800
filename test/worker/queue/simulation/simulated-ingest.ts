import { ingestEvent } from '../../../../functions/ingest/ingest-event.ts'
import { DEFAULT_WORK_LIMITS } from '../../../../shared/contracts/work-limits.ts'
import type { MessageQueue } from '../../../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import { aModelRecord } from '../../../fixtures/model-record.ts'
import type { VirtualTime } from '../../../fixtures/virtual-time.ts'
import { type EventObject, s3Event, sqsEvent } from '../../../functions/ingest/ingest-setup.ts'
import { type CallFaults, openFaultyCall } from './faulty-call.ts'
import { openIncarnation } from './incarnation.ts'
import type { SeededRandom } from './seeded-random.ts'
import { storeOverNetwork } from './worker-ports.ts'

export interface SimulatedIngestOptions {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly input: ObjectStore
  readonly output: ObjectStore
  readonly jobs: MessageQueue
  readonly faults: { readonly store: () => CallFaults; readonly queue: () => CallFaults }
  readonly trace: (line: string) => void
}

export interface SimulatedIngest {
  /** Delivers an S3 event as SQS does: it invokes the Lambda again until the Lambda has ingested the event. */
  deliver(object: EventObject): void
  /** Events that are not ingested yet. */
  waiting(): number
}

/** The function's timeout, and the delay until SQS delivers an unfinished message again. */
const TIMEOUT_MS = 60_000
const VISIBILITY_MS = 90_000

/** The real ingest, in functions that may die at any await, and are called again. */
export const simulateIngest = (options: SimulatedIngestOptions): SimulatedIngest => {
  const { time, random, input, output, jobs, faults, trace } = options
  let waiting = 0
  let calls = 0

  const invoke = (event: unknown): void => {
    const incarnation = openIncarnation(`ingest.${++calls}`, time)
    const say = (line: string): void => trace(`${incarnation.name} ${line}`)
    const end = (why: string, ingested: boolean): void => {
      if (!incarnation.isAlive()) return
      say(why)
      incarnation.die()
      if (ingested) waiting--
      else time.after(VISIBILITY_MS, () => invoke(event))
    }
    time.after(TIMEOUT_MS, () => end('dies of its timeout', false))
    const network = { incarnation, random, trace: say, crash: (why: string) => end(`dies ${why}`, false) }
    const storeCall = openFaultyCall({ ...network, faults: faults.store })
    const queueCall = openFaultyCall({ ...network, faults: faults.queue })
    const over = (store: ObjectStore): ObjectStore => storeOverNetwork({ store, call: storeCall })
    const setup = {
      input: over(input),
      output: over(output),
      jobs: {
        send: (messages: Parameters<MessageQueue['send']>[0], signal: AbortSignal) =>
          queueCall('jobs.send', signal, () => jobs.send(messages, incarnation.signal)),
      },
      model: aModelRecord(),
      defaultSize: 'model' as const,
      limits: DEFAULT_WORK_LIMITS,
      now: incarnation.clock.now,
      newTraceId: () => incarnation.name,
      onEvent: () => {},
    }
    ingestEvent(event, setup, incarnation.signal).then(
      (response) => end('ends', response?.batchItemFailures.length === 0),
      (error) => end(`throws ${error}`, false),
    )
  }

  return {
    deliver(object) {
      waiting++
      invoke(sqsEvent(s3Event(object)))
    },
    waiting: () => waiting,
  }
}
