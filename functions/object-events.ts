import { parseS3Event, parseSqsEvent, type UploadedObject } from '../shared/contracts/s3-event.ts'

/** Requests to S3 that a function has under way at once: the SDK opens at most 50 connections to a host. */
export const REQUESTS_AT_ONCE = 32

/** Answer to SQS: it delivers these messages again and deletes the others. */
export interface PartialBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[]
}

export interface ObjectEventHandler {
  /** Participle for errors: `1 of 2 objects could not be ingested`. */
  readonly done: string
  /** Handles one object. `traceHeader` is X-Ray's, where the sender of the event was traced. */
  handle(object: UploadedObject, traceHeader: string | null): Promise<void>
  /** Reports what failed, to be tried again. `key` is `null` for a message that is no event of S3. */
  onFailure(key: string | null, error: unknown): void
}

/** Handles objects one by one, so that one that fails keeps none of the others from its turn. Returns the errors. */
const handleAll = async (
  objects: readonly UploadedObject[],
  traceHeader: string | null,
  { handle, onFailure }: ObjectEventHandler,
): Promise<readonly unknown[]> => {
  const errors: unknown[] = []
  for (const object of objects) {
    try {
      await handle(object, traceHeader)
    } catch (error) {
      onFailure(object.key, error)
      errors.push(error)
    }
  }
  return errors
}

/** A message that is no event of S3 fails each time, and so ends up in the dead-letter queue, where it is seen. */
const objectsOfMessage = (
  body: string,
  { onFailure }: ObjectEventHandler,
): readonly UploadedObject[] | null => {
  try {
    return parseS3Event(JSON.parse(body))
  } catch (error) {
    onFailure(null, error)
    return null
  }
}

/**
 * Handles the objects that an event is about: from SQS, whose messages fail and are tried again each for itself, or from
 * S3 or EventBridge directly. For the latter it throws AggregateError if an object failed; Lambda tries the whole event
 * again then.
 */
export const handleObjectEvents = async (
  event: unknown,
  handler: ObjectEventHandler,
): Promise<PartialBatchResponse | undefined> => {
  const messages = parseSqsEvent(event)
  if (messages === null) {
    const objects = parseS3Event(event)
    const errors = await handleAll(objects, null, handler)
    if (errors.length > 0)
      throw new AggregateError(
        errors,
        `${errors.length} of ${objects.length} objects could not be ${handler.done}`,
      )
    return undefined
  }
  const failures: { itemIdentifier: string }[] = []
  for (const { messageId, body, traceHeader } of messages) {
    const objects = objectsOfMessage(body, handler)
    const failed = objects === null || (await handleAll(objects, traceHeader, handler)).length > 0
    if (failed) failures.push({ itemIdentifier: messageId })
  }
  return { batchItemFailures: failures }
}
