import { notifyEvent } from '../../../../functions/notify/notify-event.ts'
import { jobIdOfResult, REPORTS_PREFIX } from '../../../../shared/contracts/bucket-layout.ts'
import { type PipelineEvent, pipelineEventSchema } from '../../../../shared/contracts/pipeline-event.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import type { VirtualTime } from '../../../fixtures/virtual-time.ts'
import { s3Event, sqsEvent } from '../../../functions/ingest/ingest-setup.ts'
import { type CallFaults, NO_CALL_FAULTS, openFaultyCall } from './faulty-call.ts'
import { openIncarnation } from './incarnation.ts'
import { HEALED_MS } from './schedule.ts'
import type { SeededRandom } from './seeded-random.ts'
import { storeOverNetwork } from './worker-ports.ts'

export interface SimulatedNotifyOptions {
  readonly time: VirtualTime
  readonly random: SeededRandom
  /** The output bucket, as notify reads it and writes the records of batches. */
  readonly output: ObjectStore
  /** Chances of faults of each call. They last for a while after those of workers and ingest are over. */
  readonly calls: CallFaults
  readonly trace: (line: string) => void
}

export interface SimulatedNotify {
  /** The bucket, with S3's events of its results and reports. */
  watch(store: ObjectStore): ObjectStore
  /** Count of S3 events that notify has not handled yet. */
  waiting(): number
  /** Events that receivers got, in that order, including duplicates. */
  readonly published: readonly PipelineEvent[]
}

const TIMEOUT_MS = 60_000
const VISIBILITY_MS = 90_000
/** The end of the faults of notify, which is so late that events of a redrive meet faults too. */
const NOTIFY_HEALED_MS = HEALED_MS + 20 * 60_000

const isAnnounced = (key: string): boolean => jobIdOfResult(key) !== null || key.startsWith(REPORTS_PREFIX)

/**
 * The real notify, in functions that may die at any await, and are called again. S3's events come at least once, in any
 * order, and some of them minutes late.
 */
export const simulateNotify = ({
  time,
  random,
  output,
  calls: faults,
  trace,
}: SimulatedNotifyOptions): SimulatedNotify => {
  const published: PipelineEvent[] = []
  let waiting = 0
  let calls = 0
  const faultsNow = (): CallFaults => (time.nowMs() < NOTIFY_HEALED_MS ? faults : NO_CALL_FAULTS)

  const invoke = (event: unknown): void => {
    const incarnation = openIncarnation(`notify.${++calls}`, time)
    const say = (line: string): void => trace(`${incarnation.name} ${line}`)
    const end = (why: string, isOver: boolean): void => {
      if (!incarnation.isAlive()) return
      say(why)
      incarnation.die()
      if (isOver) waiting--
      else time.after(VISIBILITY_MS, () => invoke(event))
    }
    time.after(TIMEOUT_MS, () => end('dies of its timeout', false))
    const crash = (why: string): void => end(`dies ${why}`, false)
    const call = openFaultyCall({ incarnation, random, trace: say, crash, faults: faultsNow })
    const deps = {
      output: storeOverNetwork({ store: output, call }),
      async publish(events: readonly PipelineEvent[], signal: AbortSignal) {
        // One by one: a receiver may have taken some of them when the process dies.
        for (const one of events)
          await call(`publish ${one.type} ${one.event_id}`, signal, async () => {
            published.push(pipelineEventSchema.parse(structuredClone(one)))
          })
      },
      onEvent: () => {},
    }
    notifyEvent(event, deps, incarnation.signal).then(
      (response) => end('ends', response?.batchItemFailures.length === 0),
      (error) => end(`throws ${error}`, false),
    )
  }

  const deliver = (key: string): void => {
    const event = sqsEvent(s3Event({ bucket: output.bucket, key }))
    for (let copy = random.chance(0.2) ? 2 : 1; copy > 0; copy--) {
      waiting++
      const delayMs = random.chance(0.05) ? random.between(30_000, 300_000) : random.between(10, 10_000)
      time.after(delayMs, () => invoke(event))
    }
  }

  return {
    published,
    waiting: () => waiting,
    watch: (store) => ({
      ...store,
      async create(key, body, options, signal) {
        const created = await store.create(key, body, options, signal)
        if (created && isAnnounced(key)) deliver(key)
        return created
      },
      async put(key, body, options, signal) {
        const etag = await store.put(key, body, options, signal)
        if (isAnnounced(key)) deliver(key)
        return etag
      },
      async replace(key, etag, body, options, signal) {
        const replaced = await store.replace(key, etag, body, options, signal)
        if (replaced !== null && isAnnounced(key)) deliver(key)
        return replaced
      },
    }),
  }
}
