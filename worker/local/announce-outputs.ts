import type { Clock } from '../../shared/clock.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import type { UploadFeed } from './object-feed.ts'
import { objectCreatedEvent } from './s3-event.ts'

export interface AnnounceOptions {
  /** The notify handler, which reports itself what went wrong. A key at which it throws is tried again. */
  readonly handle: (event: unknown, signal: AbortSignal) => Promise<unknown>
  readonly clock: Clock
  /** Aborts when nothing more will be written. What waits then is still handled, once. */
  readonly written: AbortSignal
}

const RETRY_MS = 5_000

/**
 * The embedded endpoint sends no notifications. This calls notify for each key that `outputs` has, with the event that S3
 * would have sent, and settles the key when notify has done all. It resolves when `written` has aborted and no key is left. `signal` abandons what is being handled.
 */
export const announceOutputs = async (
  store: ObjectStore,
  outputs: UploadFeed,
  { handle, clock, written }: AnnounceOptions,
  signal: AbortSignal,
): Promise<void> => {
  const waiting = new Set<string>()
  let place = 0

  const notify = async (key: string): Promise<void> => {
    const info = await store.head(key, signal)
    // `svd redrive` may have taken it away meanwhile.
    if (info !== null) {
      place += 1
      await handle(objectCreatedEvent(store.bucket, info, { at: clock.now(), place }), signal)
    }
    outputs.settle(key)
  }

  const addLater = (key: string): void => {
    waiting.add(key)
    clock.sleep(RETRY_MS, written).then(
      () => {
        waiting.delete(key)
        outputs.add(key)
      },
      // It is among those that are handled at the end.
      () => {},
    )
  }

  for (;;) {
    const key = await outputs.next(written).catch(() => null)
    if (key === null) break
    await notify(key).catch(() => addLater(key))
  }
  for (const key of new Set([...waiting, ...outputs.takeAll()])) {
    if (signal.aborted) return
    await notify(key).catch(() => {})
  }
}
