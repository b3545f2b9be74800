import type { S3Client } from '@aws-sdk/client-s3'
import type { SQSClient } from '@aws-sdk/client-sqs'
import type { MessageQueue, ReceivedMessage, ReceiveOptions } from '../../../shared/ports/message-queue.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'

/** `embedded`: the endpoint of `svd local`, which is fauxqs with corrections. */
export type ImplementationName = 'memory' | 'fauxqs' | 'embedded' | 'moto'

/** A queue and its dead-letter queue. */
export interface QueuePair {
  readonly queue: MessageQueue
  readonly deadLetters: MessageQueue
}

/** Something that has both ports, as the contract and the capabilities see it. */
export interface Implementation {
  readonly name: ImplementationName
  /** A new one each time. Versions are kept where it can. */
  openStore(options?: { readonly versioned?: boolean }): Promise<ObjectStore>
  /** Tags of an object, read with the right to read them; `null` if they cannot be read. */
  readTags(store: ObjectStore, key: string): Promise<Readonly<Record<string, string>> | null>
  /** New ones each time. */
  openQueues(options?: { readonly maxReceiveCount?: number }): Promise<QueuePair>
  /**
   * The first messages that are visible at some time from `afterSeconds` on: moves a clock, or polls until a deadline
   * beyond it. Empty: there were none.
   */
  receiveAfter(
    afterSeconds: number,
    queue: MessageQueue,
    options: Omit<ReceiveOptions, 'waitSeconds'>,
  ): Promise<readonly ReceivedMessage[]>
  /** The clients of its endpoint; `null` if it has none. */
  readonly endpoint: { readonly s3: S3Client; readonly sqs: SQSClient } | null
  [Symbol.asyncDispose](): Promise<void>
}
