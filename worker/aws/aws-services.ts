import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { openS3Client, openSqsClient } from '../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../shared/aws/s3-object-store.ts'
import { openSqsMessageQueue } from '../../shared/aws/sqs-message-queue.ts'
import { readSqsQueueSettings } from '../../shared/aws/sqs-queue-settings.ts'
import { systemClock } from '../../shared/system-clock.ts'
import type { Services } from './services.ts'

/** Endpoint, region and credentials for S3 and SQS. */
export type AwsClientConfig = Required<Pick<S3ClientConfig, 'endpoint' | 'region' | 'credentials'>>

/** Opens S3 and SQS by the standard AWS environment, or with `config`, for an endpoint in this process. */
export const openAwsServices = (config: Partial<AwsClientConfig> = {}): Services => {
  const s3 = openS3Client(config)
  const sqs = openSqsClient(config)
  return {
    clock: systemClock,
    openBucket: (name) => openS3ObjectStore(s3, name),
    openQueue: (url) => openSqsMessageQueue(sqs, url),
    readQueueSettings: (url, signal) => readSqsQueueSettings(sqs, url, signal),
    // Loaded on demand, because only `svd doctor` calls STS and Service Quotas.
    openAccount: async () => (await import('../../shared/aws/aws-account.ts')).openAwsAccount(config),
    async [Symbol.asyncDispose]() {
      s3.destroy()
      sqs.destroy()
    },
  }
}
