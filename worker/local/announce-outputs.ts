import type { Clock } from '../../shared/clock.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { type HandleEvent, openDelivery, RETRY_MS } from './deliver-event.ts'
import type { ObjectFeed } from './object-feed.ts'

export interface AnnounceOptions {
  /** The notify handler. A key at which it throws is tried again. */
  readonly handle: HandleEvent
  readonly clock: Clock
  /** Aborts when nothing more will be written. What waits then is still handled, once. */
  readonly written: AbortSignal
}

/**
 * Calls notify for each key that `outputs` has, and settles the key when notify has done all. It resolves when `written`
 * has aborted and no key is left. `signal` abandons what is being handled.
 */
export const announceOutputs = async (
  store: ObjectStore,
  outputs: ObjectFeed,
  { handle, clock, written }: AnnounceOptions,
  signal: AbortSignal,
): Promise<void> => {
  const waiting = new Set<string>()
  const deliver = openDelivery(store, handle, clock)

  const notify = async (key: string): Promise<void> => {
    await deliver(key, signal)
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
