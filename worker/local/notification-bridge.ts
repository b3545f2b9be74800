import { IMAGES_PREFIX, MANIFESTS_PREFIX } from '../../shared/contracts/bucket-layout.ts'
import type { ListedObject, ObjectStore } from '../../shared/ports/object-store.ts'
import type { Clock } from '../jobs/clock.ts'
import { objectCreatedEvent } from './s3-event.ts'

export interface BridgeOptions {
  /** The ingest handler, which tells itself what went wrong. What it throws at is tried again, as S3 and SQS would. */
  readonly ingest: (event: unknown, signal: AbortSignal) => Promise<unknown>
  readonly clock: Clock
}

const LOOK_MS = 300
const RETRY_MS = 5_000

interface Seen {
  readonly etag: string
  /** On the clock's `elapsedMs`; null: it was ingested. */
  readonly retryMs: number | null
}

/**
 * The embedded endpoint sends no notifications: this looks into the input bucket and calls ingest with the events that
 * S3 would have sent. Runs until `signal` aborts; what is being ingested then is stopped, and done again by whoever
 * looks next.
 */
export const runNotificationBridge = async (
  input: ObjectStore,
  { ingest, clock }: BridgeOptions,
  signal: AbortSignal,
): Promise<void> => {
  const seen = new Map<string, Seen>()
  let place = 0

  const isNews = ({ key, etag }: ListedObject): boolean => {
    const before = seen.get(key)
    if (before === undefined || before.etag !== etag) return true
    return before.retryMs !== null && clock.elapsedMs() >= before.retryMs
  }

  const notify = async (object: ListedObject): Promise<void> => {
    place += 1
    const { key, etag } = object
    const failed = await ingest(
      objectCreatedEvent(input.bucket, object, { at: clock.now(), place }),
      signal,
    ).then(
      () => false,
      () => true,
    )
    seen.set(key, { etag, retryMs: failed ? clock.elapsedMs() + RETRY_MS : null })
  }

  const look = async (): Promise<void> => {
    for (const prefix of [IMAGES_PREFIX, MANIFESTS_PREFIX]) {
      for await (const object of input.list(prefix, signal)) {
        if (signal.aborted) return
        if (isNews(object)) await notify(object)
      }
    }
  }

  while (!signal.aborted) {
    // A listing that fails is made again; the endpoint is in this process, and says itself when it ends.
    await look().catch(() => {})
    await clock.sleep(LOOK_MS, signal).catch(() => {})
  }
}
