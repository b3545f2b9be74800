import { DISPATCH_STATE_KEY } from '../../../shared/contracts/bucket-layout.ts'
import {
  type DispatchState,
  MAX_DISPATCH_STATE_BYTES,
  parseDispatchState,
} from '../../../shared/contracts/dispatch-state.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'

/**
 * Reads the state that dispatch keeps about the workers of a deployment; `null` if no dispatch has run for this output
 * bucket. Throws InvalidInputError for a document that this version does not know.
 */
export const readDispatch = async (
  outputs: ObjectStore,
  signal: AbortSignal,
): Promise<DispatchState | null> => {
  const stored = await outputs.read(DISPATCH_STATE_KEY, { maxBytes: MAX_DISPATCH_STATE_BYTES }, signal)
  if (stored === null) return null
  try {
    return parseDispatchState(stored.bytes)
  } catch (error) {
    throw new InvalidInputError(
      `s3://${outputs.bucket}/${DISPATCH_STATE_KEY}`,
      'is of another version of svd-batch; use the version that is deployed',
      { cause: error },
    )
  }
}
