import { jobIdOfResult } from '../../../../shared/contracts/bucket-layout.ts'
import { LeaseLostError, type MessageQueue } from '../../../../shared/ports/message-queue.ts'
import type { Body, ObjectStore } from '../../../../shared/ports/object-store.ts'
import type { MemoryMessageQueue } from '../../../fixtures/memory-message-queue.ts'
import type { Deliveries } from './deliveries.ts'
import type { FaultyCall } from './faulty-call.ts'
import type { Incarnation } from './incarnation.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

/* The store and the queue of one process of a worker: the shared ones, over a network of its own. */

const NEVER = new AbortController().signal
/** A long poll checks the queue at least this often. */
const LOOK_MS = 5_000

export interface StoreOverNetworkOptions {
  readonly store: ObjectStore
  readonly call: FaultyCall
  /** The disk that has the files to upload. Default: no file is uploaded. */
  readonly disk?: SimulatedDisk
  /** Called for each result before it is sent. */
  readonly onPublish?: (jobId: string) => void
}

export const storeOverNetwork = ({
  store,
  call,
  disk,
  onPublish = () => {},
}: StoreOverNetworkOptions): ObjectStore => {
  const loaded = (body: Body): Uint8Array => {
    if (body instanceof Uint8Array) return body
    if (disk === undefined) throw new Error(`${body.path}: there is no disk`)
    return disk.read(body.path)
  }
  return {
    ...store,
    head: (key, signal) => call(`head ${key}`, signal, () => store.head(key, NEVER)),
    read: (key, options, signal) => call(`read ${key}`, signal, () => store.read(key, options, NEVER)),
    create(key, body, options, signal) {
      const bytes = loaded(body)
      const published = jobIdOfResult(key)
      if (published !== null) onPublish(published)
      return call(`create ${key}`, signal, () => store.create(key, bytes, options, NEVER))
    },
    put(key, body, options, signal) {
      const bytes = loaded(body)
      return call(`put ${key}`, signal, () => store.put(key, bytes, options, NEVER))
    },
    replace(key, etag, body, options, signal) {
      const bytes = loaded(body)
      return call(`replace ${key}`, signal, () => store.replace(key, etag, bytes, options, NEVER))
    },
    async *list(prefix, signal, after) {
      yield* await call(`list ${prefix}`, signal, () => Array.fromAsync(store.list(prefix, NEVER, after)))
    },
    delete: (key, signal) => call(`delete ${key}`, signal, () => store.delete(key, NEVER)),
  }
}

export interface QueueOverNetworkOptions {
  readonly name: string
  readonly queue: MessageQueue
  readonly memory: MemoryMessageQueue
  readonly call: FaultyCall
  readonly incarnation: Incarnation
  readonly deliveries: Deliveries
  readonly epochMs: () => number
  readonly violate: (what: string) => void
}

export const queueOverNetwork = ({
  name,
  queue,
  memory,
  call,
  incarnation,
  deliveries,
  epochMs,
  violate,
}: QueueOverNetworkOptions): MessageQueue => {
  const longPoll: MessageQueue['receive'] = async (options, signal) => {
    const untilMs = epochMs() + options.waitSeconds * 1000
    while (true) {
      const messages = await queue.receive(options, NEVER)
      if (messages.length > 0 || epochMs() >= untilMs) return messages
      const nextMs = Math.min(...memory.messages().map(({ visibleAtMs }) => visibleAtMs), untilMs)
      const waitMs = Math.min(Math.max(nextMs - epochMs(), 50), LOOK_MS, untilMs - epochMs())
      await incarnation.pause(waitMs, signal)
    }
  }
  const ask = async (
    receiptHandle: string,
    word: number | 'removed',
    run: () => Promise<void>,
  ): Promise<void> => {
    if (!deliveries.asked(receiptHandle, word)) violate(`${name}: two words at once about ${receiptHandle}`)
    try {
      await run()
    } finally {
      deliveries.answered(receiptHandle)
    }
  }
  return {
    ...queue,
    async receive(options, signal) {
      const askedMs = epochMs()
      const messages = await call(`${name}.receive`, signal, () => longPoll(options, signal))
      for (const message of messages) deliveries.received(message, askedMs + options.visibilitySeconds * 1000)
      return messages
    },
    async setVisibility(receiptHandle, seconds, signal) {
      const askedMs = epochMs()
      await ask(receiptHandle, seconds, async () => {
        try {
          await call(`${name}.setVisibility ${receiptHandle} ${seconds}`, signal, () =>
            queue.setVisibility(receiptHandle, seconds, NEVER),
          )
          deliveries.heldUntil(receiptHandle, askedMs + seconds * 1000)
        } catch (error) {
          if (error instanceof LeaseLostError) deliveries.heldUntil(receiptHandle, 0)
          throw error
        }
      })
    },
    remove: (receiptHandle, signal) =>
      ask(receiptHandle, 'removed', () =>
        call(`${name}.remove ${receiptHandle}`, signal, () => queue.remove(receiptHandle, NEVER)),
      ),
  }
}
