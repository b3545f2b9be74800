import { openS3Client, openSqsClient } from '../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../shared/aws/s3-object-store.ts'
import { openSqsMessageQueue } from '../../shared/aws/sqs-message-queue.ts'
import type { Services } from './services.ts'
import { systemClock } from './system-clock.ts'

/** S3 and SQS, wherever the standard AWS environment says they are. */
export const openAwsServices = (): Services => {
  const s3 = openS3Client()
  const sqs = openSqsClient()
  return {
    clock: systemClock,
    openBucket: (name) => openS3ObjectStore(s3, name),
    openQueue: (url) => openSqsMessageQueue(sqs, url),
    async [Symbol.asyncDispose]() {
      s3.destroy()
      sqs.destroy()
    },
  }
}
