import { handleObjectEvents, type PartialBatchResponse } from '../object-events.ts'
import { ingestObject } from './ingest-object.ts'
import type { IngestWorld } from './ingest-world.ts'

/**
 * Ingests what an event tells of, as `handleObjectEvents` does. It can be called again at any time, and does nothing
 * twice.
 */
export const ingestEvent = async (
  event: unknown,
  world: IngestWorld,
  signal: AbortSignal,
): Promise<PartialBatchResponse | undefined> =>
  await handleObjectEvents(event, {
    done: 'ingested',
    async handle(object, traceHeader) {
      const traceId = traceHeader ?? world.newTraceId()
      for await (const outcome of ingestObject(world, object, { traceId, signal })) world.tell(outcome)
    },
    onFailure: (key, error) => world.tell({ type: 'failed', key, error }),
  })
