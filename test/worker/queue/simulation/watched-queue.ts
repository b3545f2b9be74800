import { resultKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { MessageQueue } from '../../../../shared/ports/message-queue.ts'
import type { MemoryMessageQueue } from '../../../fixtures/memory-message-queue.ts'
import type { MemoryObjectStore } from '../../../fixtures/memory-object-store.ts'

export interface WatchedQueueOptions {
  readonly queue: MemoryMessageQueue
  readonly store: MemoryObjectStore
  /** The dead-letter queue; `null` if this queue is one. */
  readonly deadLetters: MemoryMessageQueue | null
  readonly violate: (what: string) => void
}

/** The job's id in the body of a message, or `null` if it is not a job. */
export const jobIdIn = (body: string): string | null => {
  try {
    return JSON.parse(body).job_id ?? null
  } catch {
    return null
  }
}

/** A queue that checks each removal: a job has a result, and a malformed message is in the dead-letter queue. */
export const watchQueue = ({ queue, store, deadLetters, violate }: WatchedQueueOptions): MessageQueue => {
  /** Ingest may have removed the result since, to send another message. */
  const hadRecord = (jobId: string): boolean =>
    store.keys().includes(resultKey(jobId)) || store.writes.some(({ key }) => key === resultKey(jobId))
  return {
    ...queue,
    async remove(receiptHandle, signal) {
      const before = [...queue.messages()]
      await queue.remove(receiptHandle, signal)
      for (const { messageId, body } of before.filter((message) => !queue.messages().includes(message))) {
        const jobId = jobIdIn(body)
        if (jobId === null && deadLetters?.messages().some((letter) => letter.body === body)) continue
        if (jobId === null || !hadRecord(jobId))
          violate(`${messageId} was removed, and its job has no record`)
      }
    },
  }
}
