import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { MAX_BATCH_BYTES } from '../../shared/ports/message-queue.ts'
import { acknowledge } from '../acknowledge.ts'

/** The longest there is. A dead letter keeps the age that it had: its queue has to keep it for longer. */
const DEAD_LETTER_DAYS = 14
const MESSAGE_DAYS = 10

export interface QueueWithDeadLettersProps {
  /** How long a message is out of sight where a receive does not say. */
  readonly visibility: Duration
  /** Deliveries before a message is a dead letter. */
  readonly maxReceiveCount: number
  /** Null: SQS's own keys. */
  readonly key: IKey | null
}

/** A queue, and where its messages go that nobody could do. */
export class QueueWithDeadLetters extends Construct {
  readonly queue: Queue
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, { visibility, maxReceiveCount, key }: QueueWithDeadLettersProps) {
    super(scope, id)
    const common = {
      enforceSSL: true,
      maxMessageSizeBytes: MAX_BATCH_BYTES,
      // What is in them can be had again: `svd redrive`, or dropping the picture once more.
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
