import type { Clock } from '../../shared/clock.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { UploadFeed } from './object-feed.ts'
import { objectCreatedEvent } from './s3-event.ts'

export interface BridgeOptions {
  /** The ingest handler, which reports itself what went wrong. What it throws at is tried again, as S3 and SQS would. */
  readonly ingest: (event: unknown, signal: AbortSignal) => Promise<unknown>
  readonly clock: Clock
}

const RETRY_MS = 5_000

/**
 * The embedded endpoint sends no notifications. This calls ingest for each key that `uploads` has, with the event that
 * S3 would have sent, and settles the key when ingest has done all. It lists nothing, because the endpoint loses keys from
 * long listings. Runs until `signal` aborts, which also stops what is being ingested.
 */
export const runNotificationBridge = async (
  input: ObjectStore,
  uploads: UploadFeed,
  { ingest, clock }: BridgeOptions,
  signal: AbortSignal,
): Promise<void> => {
  let place = 0

  const notify = async (key: string): Promise<void> => {
    const info = await input.head(key, signal)
    // Deleted meanwhile.
    if (info === null) return
    place += 1
    await ingest(objectCreatedEvent(input.bucket, info, { at: clock.now(), place }), signal)
  }

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
    const isHandled = await notify(key).then(
      () => true,
      () => false,
    )
    if (isHandled) uploads.settle(key)
    else addLater(key)
  }
}
