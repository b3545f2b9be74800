import { DISPATCH_STATE_KEY } from '../../shared/contracts/bucket-layout.ts'
import {
  type DispatchState,
  encodeDispatchState,
  MAX_DISPATCH_STATE_BYTES,
  newDispatchState,
  parseDispatchState,
} from '../../shared/contracts/dispatch-state.ts'
import { RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { nextDay } from './spend.ts'

export interface StoredState {
  readonly state: DispatchState
  readonly etag: string
}

/** Writes a new one where there is none. Throws if the object there is not a state of dispatch. */
export const readDispatchState = async (
  store: ObjectStore,
  now: Date,
  signal: AbortSignal,
): Promise<StoredState> => {
  const read = () => store.read(DISPATCH_STATE_KEY, { maxBytes: MAX_DISPATCH_STATE_BYTES }, signal)
  let stored = await read()
  if (stored === null) {
    // Another run may have created one first, so the object there is read again for its ETag.
    // A state that was lost may have paused the workers. The first decision takes that back, because its count of the
    // day's dollars begins anew: else workers would start only to end.
    const fresh = encodeDispatchState(
      { ...newDispatchState(now), paused_until: nextDay(now).toISOString() },
      now,
    )
    await store.create(DISPATCH_STATE_KEY, fresh, RECORD_OPTIONS, signal)
    stored = await read()
  }
  if (stored === null) throw new Error(`${DISPATCH_STATE_KEY} was deleted while it was read`)
  try {
    return { state: parseDispatchState(stored.bytes), etag: stored.etag }
  } catch (error) {
    const what = `${DISPATCH_STATE_KEY} in ${store.bucket} is not readable; delete it when Batch has no active job`
    throw new Error(what, { cause: error })
  }
}

/**
 * Writes over what was read, and over nothing else. Returns the new etag; null: others have written meanwhile, or the
 * answer to this very call got lost.
 */
export const replaceDispatchState = (
  store: ObjectStore,
  etag: string,
  state: DispatchState,
  now: Date,
  signal: AbortSignal,
): Promise<string | null> =>
  store.replace(DISPATCH_STATE_KEY, etag, encodeDispatchState(state, now), RECORD_OPTIONS, signal)
