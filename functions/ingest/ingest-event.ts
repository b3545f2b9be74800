import { handleObjectEvents, type PartialBatchResponse } from '../object-events.ts'
import type { IngestDeps } from './ingest-deps.ts'
import { ingestObject } from './ingest-object.ts'

/**
 * Ingests what an event tells of, as `handleObjectEvents` does. It can be called again at any time, and does nothing
 * twice.
 */
export const ingestEvent = async (
  event: unknown,
  deps: IngestDeps,
  signal: AbortSignal,
): Promise<PartialBatchResponse | undefined> =>
  await handleObjectEvents(event, {
    done: 'ingested',
    async handle(object, traceHeader) {
      const traceId = traceHeader ?? deps.newTraceId()
      for await (const outcome of ingestObject(deps, object, { traceId, signal })) deps.onEvent(outcome)
    },
    onFailure: (key, error) => deps.onEvent({ type: 'failed', key, error }),
  })
