import { setTimeout as delay } from 'node:timers/promises'
import { IMAGES_PREFIX, MANIFESTS_PREFIX } from '../../shared/contracts/bucket-layout.ts'
import type { ListedObject, ObjectStore } from '../../shared/ports/object-store.ts'
import { objectCreatedEvent } from './s3-event.ts'

export interface BridgeOptions {
  /** The ingest handler. What it throws is tried again at the next look, as S3 and SQS would. */
  readonly ingest: (event: unknown) => Promise<unknown>
  readonly onError: (key: string, error: unknown) => void
  /** Between two looks, default 300. */
  readonly pollMs?: number
}

const POLL_MS = 300

/**
 * The embedded endpoint sends no notifications: this looks into the input bucket and calls ingest with the events that
 * S3 would have sent. Runs until `signal`; what is being ingested is finished first.
 */
export const runNotificationBridge = async (
  store: ObjectStore,
  { ingest, onError, pollMs = POLL_MS }: BridgeOptions,
  signal: AbortSignal,
): Promise<void> => {
  const seen = new Map<string, string>()
  let place = 0

  const notify = async (object: ListedObject): Promise<void> => {
    place += 1
    try {
      await ingest(objectCreatedEvent(store.bucket, object, { at: new Date(), place }))
      seen.set(object.key, object.etag)
    } catch (error) {
      onError(object.key, error)
    }
  }

  const look = async (): Promise<void> => {
    for (const prefix of [IMAGES_PREFIX, MANIFESTS_PREFIX]) {
      for await (const object of store.list(prefix, signal)) {
        if (signal.aborted) return
        if (seen.get(object.key) !== object.etag) await notify(object)
      }
    }
  }

  while (!signal.aborted) {
    try {
      await look()
      await delay(pollMs, undefined, { signal })
    } catch (error) {
      if (signal.aborted) return
      onError('', error)
      await delay(pollMs, undefined, { signal }).catch(() => {})
    }
  }
}
