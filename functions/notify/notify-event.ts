import { handleObjectEvents, type PartialBatchResponse } from '../object-events.ts'
import { announceObject } from './announce-object.ts'
import type { NotifyDeps } from './notify-deps.ts'

/**
 * Announces what a written result or report means for requests. Throws if something failed for a passing reason and the
 * event did not come from SQS; nothing is lost by calling it again, and events that come twice have the same id.
 */
export const notifyEvent = async (
  event: unknown,
  deps: NotifyDeps,
  signal: AbortSignal,
): Promise<PartialBatchResponse | undefined> =>
  await handleObjectEvents(event, {
    done: 'announced',
    handle: (object) => announceObject(deps, object, signal),
    onFailure: (key, error) => deps.onEvent({ type: 'failed', key, error }),
  })
