import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { MAX_BATCH_BYTES } from '../../shared/ports/message-queue.ts'
import { acknowledge } from '../acknowledge.ts'

/**
 * Longest retention that SQS offers. A dead-letter message keeps the age that it had, so its queue has to keep it for
 * longer.
 */
const DEAD_LETTER_DAYS = 14
const MESSAGE_DAYS = 10

export interface QueueWithDeadLettersProps {
  /** Visibility timeout of a receive that states none. */
  readonly visibility: Duration
  /** Deliveries after which SQS moves a message to the dead-letter queue. */
  readonly maxReceiveCount: number
  /** Key that encrypts the messages; `null` for SQS's own keys. */
  readonly key: IKey | null
}

/** A queue, and the one that receives the messages that no consumer could process. */
export class QueueWithDeadLetters extends Construct {
  readonly queue: Queue
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, { visibility, maxReceiveCount, key }: QueueWithDeadLettersProps) {
    super(scope, id)
    const common = {
      enforceSSL: true,
      maxMessageSizeBytes: MAX_BATCH_BYTES,
      // What is in them can be had again: `svd redrive`, or uploading the image once more.
      removalPolicy: RemovalPolicy.DESTROY,
      ...(key === null
        ? { encryption: QueueEncryption.SQS_MANAGED }
        : { encryption: QueueEncryption.KMS, encryptionMasterKey: key }),
    } as const satisfies QueueProps
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...common,
      retentionPeriod: Duration.days(DEAD_LETTER_DAYS),
    })
    acknowledge(this.deadLetters, {
      'Serverless-SQSRedrivePolicy': 'It is the queue of dead letters itself.',
    })
    this.queue = new Queue(this, 'Queue', {
      ...common,
      visibilityTimeout: visibility,
      retentionPeriod: Duration.days(MESSAGE_DAYS),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount },
    })
  }
}
