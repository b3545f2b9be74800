/*
 * One queue with at-least-once delivery, as this project uses it. Adapters: shared/aws/sqs-message-queue.ts, and the
 * small real one in test/fixtures/memory-message-queue.ts; one suite, test/shared/ports/message-queue-contract.ts, runs
 * on both.
 *
 *   send ─▶ visible ──receive──▶ in flight ──remove──▶ gone
 *              ▲                   │  lease runs out, or release
 *              └───────────────────┘  (received too often: to the dead-letter queue instead)
 */

export interface OutgoingMessage {
  readonly body: string
  /** Fair queueing: messages of one group do not hold up those of another. At most 128 characters. */
  readonly groupId: string
}

export interface ReceivedMessage {
  readonly messageId: string
  readonly body: string
  /** Identifies this delivery's lease; a later delivery has another. */
  readonly receiptHandle: string
  /** 1 on the first delivery. */
  readonly receiveCount: number
  readonly sentAt: Date
  readonly groupId: string | null
}

export interface ReceiveOptions {
  /** 1 to 10. */
  readonly maxMessages: number
  /** Long poll, 0 to 20. */
  readonly waitSeconds: number
  /** Seconds for which the queue hides the messages from other receives. */
  readonly visibilitySeconds: number
}

export interface QueueDepth {
  readonly visible: number
  readonly inFlight: number
  readonly delayed: number
}

/** SQS ends a lease so long after the receive, however often it was extended. */
export const MAX_LEASE_SECONDS = 12 * 60 * 60

/** Bodies of one message, and of one batch together. */
export const MAX_BATCH_BYTES = 1_048_576
export const MAX_BATCH_MESSAGES = 10

/** Another consumer leases the message, or it is gone: the caller may do nothing about it any more. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

/** A call whose signal is aborted throws the signal's reason. A message it was about to receive is hidden all the same. */
export interface MessageQueue {
  readonly url: string
  /**
   * Sends all, in batches by count and size. Returns the places, in `messages`, of those that were not accepted:
   * the others are in the queue. Where a whole request fails it throws, and any of the messages may be in the queue.
   */
  send(
    messages: readonly OutgoingMessage[],
    signal: AbortSignal,
  ): Promise<readonly { readonly index: number; readonly reason: string }[]>
  receive(options: ReceiveOptions, signal: AbortSignal): Promise<readonly ReceivedMessage[]>
  /** Hides the message for `seconds` from now; 0 makes it visible at once. Throws `LeaseLostError`. */
  setVisibility(receiptHandle: string, seconds: number, signal: AbortSignal): Promise<void>
  /** An outdated receipt is no error: SQS does not tell. */
  remove(receiptHandle: string, signal: AbortSignal): Promise<void>
  /** Approximate, as SQS counts. */
  depth(signal: AbortSignal): Promise<QueueDepth>
}
