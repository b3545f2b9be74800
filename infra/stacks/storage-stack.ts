import { Duration, Stack, type StackProps } from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'
import { EVENT_VISIBILITY_SECONDS } from '../../functions/ingest/event-times.ts'
import { NOTIFY_RECEIVES, NOTIFY_VISIBILITY_SECONDS } from '../../functions/notify/event-times.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import { QueueWithDeadLetters } from '../queues/queue-with-dead-letters.ts'
import { Buckets } from '../storage/buckets.ts'
import { notifyOfDrops } from '../storage/drop-notifications.ts'
import { makeEncryptionKey } from '../storage/encryption-key.ts'
import { notifyOfRecords } from '../storage/record-notifications.ts'

export interface StorageStackProps extends StackProps {
  readonly config: DeploymentConfig
}

/** A drop that ingest could not look at for a passing reason is tried again, for an hour and more. */
const DROP_RECEIVES = 6

/**
 * Resources that remain when the pipeline is deleted: buckets, their key, and the queues of upload events and of records,
 * which the input and the output bucket cannot be without.
 */
export class StorageStack extends Stack {
  readonly buckets: Buckets
  readonly drops: QueueWithDeadLetters
  /** Events of S3 about results and reports that were written. */
  readonly records: QueueWithDeadLetters
  /** Key that encrypts the data; `null` for AWS's own keys. */
  readonly key: IKey | null

  constructor(scope: Construct, id: string, { config, ...props }: StorageStackProps) {
    super(scope, id, { ...props, terminationProtection: true })
    this.key = config.encryption === 'kms' ? makeEncryptionKey(this) : null
    this.buckets = new Buckets(this, 'Buckets', { config, key: this.key })
    this.drops = new QueueWithDeadLetters(this, 'Drops', {
      visibility: Duration.seconds(EVENT_VISIBILITY_SECONDS),
      maxReceiveCount: DROP_RECEIVES,
      key: this.key,
    })
    notifyOfDrops(this.buckets.input, this.drops.queue)
    this.records = new QueueWithDeadLetters(this, 'Records', {
      visibility: Duration.seconds(NOTIFY_VISIBILITY_SECONDS),
      maxReceiveCount: NOTIFY_RECEIVES,
      key: this.key,
    })
    notifyOfRecords(this.buckets.output, this.records.queue)
    this.exportAll()
  }

  /**
   * Exports what any choice of keys needs, also where this one does not. This stack is updated before the pipeline, and
   * CloudFormation deletes no export that is still imported: a network of one's own, for example, needs no bucket of
   * logs, and the update to it would be refused.
   */
  private exportAll(): void {
    const { logs, input, output, models } = this.buckets
    for (const bucket of [logs, input, output, models]) {
      this.exportValue(bucket.bucketArn)
      this.exportValue(bucket.bucketName)
    }
    const { drops, records } = this
    for (const queue of [drops.queue, drops.deadLetters, records.queue, records.deadLetters]) {
      this.exportValue(queue.queueArn)
      this.exportValue(queue.queueName)
      this.exportValue(queue.queueUrl)
    }
    if (this.key !== null) this.exportValue(this.key.keyArn)
  }
}
