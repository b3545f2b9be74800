import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { allowBucketsToSend } from './bucket-sender.ts'

/**
 * Notifies the queue of every upload, also of one outside the prefixes that ingest reads: its uploader gets a report. S3
 * refuses filters that overlap, so there is one notification without a filter. Only ingest's reports answer an upload,
 * and they go into another bucket, so that no notification causes another. It is the bucket's own property, without the
 * function that CDK would deploy to set it.
 */
export const notifyOfDrops = (bucket: Bucket, queue: Queue): void => {
  allowBucketsToSend(queue, 'DropsOfThisAccount')
  const cfnBucket = bucket.node.defaultChild as CfnBucket
  cfnBucket.notificationConfiguration = {
    queueConfigurations: [{ event: 's3:ObjectCreated:*', queue: queue.queueArn }],
  }
  bucket.node.addDependency(queue)
}
