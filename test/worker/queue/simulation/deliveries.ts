import type { ReceivedMessage } from '../../../../shared/ports/message-queue.ts'
import { jobIdIn } from './watched-queue.ts'

/** The messages that one life of a worker received from a queue, and its requests for them, as the worker knows them. */
export interface Deliveries {
  received(message: ReceivedMessage, heldUntilMs: number): void
  /**
   * Seconds of visibility, or its removal: asked for, whether it comes to pass or not. False: the answer to the one
   * before is not there yet, and nobody knows which comes last.
   */
  asked(receiptHandle: string, word: number | 'removed'): boolean
  answered(receiptHandle: string): void
  /** It has been told that it holds the message until then; 0: that it does not. */
  heldUntil(receiptHandle: string, ms: number): void
  /** It said that it lost this job: it counts from before its requests, and the queue from when they arrive. */
  lost(jobId: string): void
  /** It has no reason to think that it lost this job. */
  holds(jobId: string, nowMs: number): boolean
  /** Messages that it still leases, as far as it knows, by receipt, with its last request for each; `null`: none. */
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
    // Both are whole milliseconds: within the last one it may hold it still.
    holds: (jobId, nowMs) =>
      [...deliveries.values()].some((delivery) => delivery.jobId === jobId && nowMs <= delivery.heldUntilMs),
    lastWords: (nowMs) =>
      [...deliveries]
        .filter(([, { heldUntilMs, isLost }]) => nowMs < heldUntilMs && !isLost)
        .map(([receiptHandle, { lastWord }]) => [receiptHandle, lastWord] as const),
  }
}
