import { type DroppedObject, parseS3Event, parseSqsEvent } from '../../shared/contracts/s3-event.ts'
import type { IngestDeps } from './ingest-deps.ts'
import { ingestObject } from './ingest-object.ts'

/** Answer to SQS: it delivers these messages again and deletes the others. */
export interface PartialBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[]
}

/** Ingests objects one by one: one that fails keeps none of the others from its turn. Returns what they failed with. */
const ingestAll = async (
  deps: IngestDeps,
  objects: readonly DroppedObject[],
  traceId: string,
  signal: AbortSignal,
): Promise<readonly unknown[]> => {
  const errors: unknown[] = []
  for (const object of objects) {
    try {
      for await (const outcome of ingestObject(deps, object, { traceId, signal })) deps.tell(outcome)
    } catch (error) {
      deps.tell({ type: 'failed', key: object.key, error })
      errors.push(error)
    }
  }
  return errors
}

/** A message that is no event of S3 fails each time, and so ends up in the dead-letter queue, where it is seen. */
const objectsOfMessage = (deps: IngestDeps, body: string): readonly DroppedObject[] | null => {
  try {
    return parseS3Event(JSON.parse(body))
  } catch (error) {
    deps.tell({ type: 'failed', key: null, error })
    return null
  }
}

/**
 * Ingests what an event tells of: from SQS, whose messages fail and are tried again each for itself, or from S3 or
 * EventBridge directly. Throws for the latter if an object failed for a passing reason; Lambda tries the whole event
 * again then, and what is done already is not done twice.
 */
export const ingestEvent = async (
  event: unknown,
  deps: IngestDeps,
  signal: AbortSignal,
): Promise<PartialBatchResponse | undefined> => {
  const messages = parseSqsEvent(event)
  if (messages === null) {
    const objects = parseS3Event(event)
    const errors = await ingestAll(deps, objects, deps.newTraceId(), signal)
    if (errors.length > 0)
      throw new AggregateError(errors, `${errors.length} of ${objects.length} objects could not be ingested`)
    return undefined
  }
  const failures: { itemIdentifier: string }[] = []
  for (const { messageId, body, traceHeader } of messages) {
    const objects = objectsOfMessage(deps, body)
    const failed =
      objects === null ||
      (await ingestAll(deps, objects, traceHeader ?? deps.newTraceId(), signal)).length > 0
    if (failed) failures.push({ itemIdentifier: messageId })
  }
  return { batchItemFailures: failures }
}
