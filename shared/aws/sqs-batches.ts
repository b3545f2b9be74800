import { MAX_BATCH_BYTES, MAX_BATCH_MESSAGES, type OutgoingMessage } from '../ports/message-queue.ts'

export interface IndexedMessage extends OutgoingMessage {
  /** Its place among all that are sent. */
  readonly index: number
}

/** As SQS counts: UTF-8. */
export const bodyBytes = ({ body }: OutgoingMessage): number => Buffer.byteLength(body)

/** In order, each batch as full as count and size allow. Each message fits by itself. */
export const batchesOf = (messages: readonly IndexedMessage[]): readonly (readonly IndexedMessage[])[] => {
  const batches: IndexedMessage[][] = []
  let bytes = 0
  for (const message of messages) {
    const last = batches.at(-1)
    bytes += bodyBytes(message)
    if (last === undefined || last.length === MAX_BATCH_MESSAGES || bytes > MAX_BATCH_BYTES) {
      batches.push([message])
      bytes = bodyBytes(message)
    } else {
      last.push(message)
    }
  }
  return batches
}
