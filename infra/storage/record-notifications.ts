import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { JOBS_PREFIX, REPORTS_PREFIX, RESULT_NAME } from '../../shared/contracts/bucket-layout.ts'
import { allowBucketsToSend } from './bucket-sender.ts'

interface Filter {
  readonly prefix: string
  readonly suffix?: string
}

/** Videos, posters and earlier results of a job are not announced, so that they send no message. */
const ANNOUNCED: readonly Filter[] = [
  { prefix: JOBS_PREFIX, suffix: RESULT_NAME },
  { prefix: REPORTS_PREFIX },
]

const rulesOf = ({ prefix, suffix }: Filter) => [
  { name: 'prefix', value: prefix },
  ...(suffix === undefined ? [] : [{ name: 'suffix', value: suffix }]),
]

/**
 * Notifies the queue of every result of a job and of every report that is written. Notify writes neither, so that no
 * notification causes another. It is the bucket's own property, as with `notifyOfDrops`.
 */
export const notifyOfRecords = (bucket: Bucket, queue: Queue): void => {
  allowBucketsToSend(queue, 'RecordsOfThisAccount')
  const cfnBucket = bucket.node.defaultChild as CfnBucket
  cfnBucket.notificationConfiguration = {
    queueConfigurations: ANNOUNCED.map((filter) => ({
      event: 's3:ObjectCreated:*',
      queue: queue.queueArn,
      filter: { s3Key: { rules: rulesOf(filter) } },
    })),
  }
  bucket.node.addDependency(queue)
}
