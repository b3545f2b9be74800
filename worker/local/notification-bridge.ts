import type { Clock } from '../../shared/clock.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { type HandleEvent, openDelivery, RETRY_MS } from './deliver-event.ts'
import type { ObjectFeed } from './object-feed.ts'

export interface BridgeOptions {
  /** The ingest handler. A key at which it throws is tried again, as S3 and SQS would. */
  readonly ingest: HandleEvent
  readonly clock: Clock
}

/**
 * Calls ingest for each key that `uploads` has, and settles the key when ingest has done all. It lists nothing, because
 * the endpoint loses keys from long listings. Runs until `signal` aborts, which also stops what is being ingested.
 */
export const runNotificationBridge = async (
  input: ObjectStore,
  uploads: ObjectFeed,
  { ingest, clock }: BridgeOptions,
  signal: AbortSignal,
): Promise<void> => {
  const deliver = openDelivery(input, ingest, clock)

  const addLater = (key: string): void => {
    clock.sleep(RETRY_MS, signal).then(
      () => uploads.add(key),
      // The bridge has ended.
      () => {},
    )
  }

  while (!signal.aborted) {
    const key = await uploads.next(signal).catch(() => null)
    if (key === null) continue
    await deliver(key, signal).then(
      () => uploads.settle(key),
      () => addLater(key),
    )
  }
}
