import type { Clock } from '../../shared/clock.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { objectCreatedEvent } from './s3-event.ts'

/** Time after which a key at which a handler threw is tried again. */
export const RETRY_MS = 5_000

/** A Lambda handler of S3 events, which reports itself what went wrong. */
export type HandleEvent = (event: unknown, signal: AbortSignal) => Promise<unknown>

/**
 * Returns a function that calls `handle` with the event that S3 would have sent for a key, because the embedded endpoint
 * sends none. The event says that the object was created, and has a later sequencer than the one before. It does nothing
 * for a key whose object is gone. It rejects as `handle` does.
 */
export const openDelivery = (store: ObjectStore, handle: HandleEvent, clock: Pick<Clock, 'now'>) => {
  let place = 0
  return async (key: string, signal: AbortSignal): Promise<void> => {
    const info = await store.head(key, signal)
    if (info === null) return
    place += 1
    await handle(objectCreatedEvent(store.bucket, info, { at: clock.now(), place }), signal)
  }
}
