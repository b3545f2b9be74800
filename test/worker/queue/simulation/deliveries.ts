import type { ReceivedMessage } from '../../../../shared/ports/message-queue.ts'
import { jobIdIn } from './watched-queue.ts'

/** The messages that a worker's process received from a queue, and its requests for them, as the process knows them. */
export interface Deliveries {
  received(message: ReceivedMessage, heldUntilMs: number): void
  /**
   * Notes a request for seconds of visibility or for the removal of a message. Returns false if an earlier request is
   * not answered yet, because the queue could then apply the two in any order.
   */
  asked(receiptHandle: string, word: number | 'removed'): boolean
  answered(receiptHandle: string): void
  /** Notes the end of the lease that an answer of the queue gave. 0: the answer was that the lease is lost. */
  heldUntil(receiptHandle: string, ms: number): void
  /** Notes that the process reported this job as lost. It may do so before the lease ends in the queue. */
  lost(jobId: string): void
  /** Returns whether the process may still regard the job as leased. */
  holds(jobId: string, nowMs: number): boolean
  /** Returns the receipts of messages that the process regards as leased, each with its last request, or `null`. */
  lastWords(nowMs: number): readonly (readonly [string, number | 'removed' | null])[]
}

interface Delivery {
  readonly jobId: string | null
  heldUntilMs: number
  lastWord: number | 'removed' | null
  isOpen: boolean
  isLost: boolean
}

export const openDeliveries = (): Deliveries => {
  const deliveries = new Map<string, Delivery>()
  return {
    received({ receiptHandle, body }, heldUntilMs) {
      deliveries.set(receiptHandle, {
        jobId: jobIdIn(body),
        heldUntilMs,
        lastWord: null,
        isOpen: false,
        isLost: false,
      })
    },
    asked(receiptHandle, word) {
      const delivery = deliveries.get(receiptHandle)!
      const inTurn = !delivery.isOpen
      delivery.lastWord = word
      delivery.isOpen = true
      return inTurn
    },
    answered(receiptHandle) {
      deliveries.get(receiptHandle)!.isOpen = false
    },
    heldUntil(receiptHandle, ms) {
      deliveries.get(receiptHandle)!.heldUntilMs = ms
    },
    lost(jobId) {
      for (const delivery of deliveries.values()) if (delivery.jobId === jobId) delivery.isLost = true
    },
    // Both are whole milliseconds, so the lease may last until the end of the last one.
    holds: (jobId, nowMs) =>
      [...deliveries.values()].some((delivery) => delivery.jobId === jobId && nowMs <= delivery.heldUntilMs),
    lastWords: (nowMs) =>
      [...deliveries]
        .filter(([, { heldUntilMs, isLost }]) => nowMs < heldUntilMs && !isLost)
        .map(([receiptHandle, { lastWord }]) => [receiptHandle, lastWord] as const),
  }
}
