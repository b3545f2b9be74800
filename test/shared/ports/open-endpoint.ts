import { CreateBucketCommand, GetObjectTaggingCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { openS3Client, openSqsClient } from '../../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../../shared/aws/s3-object-store.ts'
import { openSqsMessageQueue } from '../../../shared/aws/sqs-message-queue.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import type { Implementation, ImplementationName } from './implementation.ts'

/** Beyond the time from which a message should be there: emulators are late, not early. */
const GRACE_MS = 10_000

/** Keys on a page of a listing, so that a few objects already need several pages. */
const KEYS_PER_PAGE = 10

/** Whatever speaks S3 and SQS at an address, through the adapters. */
export const openEndpoint = (
  name: ImplementationName,
  endpointUrl: string,
  stop: () => Promise<void>,
): Implementation => {
  const config = {
    endpoint: endpointUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }
  const s3 = openS3Client(config)
  s3.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        next(
          commandName === 'ListObjectsV2Command'
            ? { ...args, input: { ...args.input, MaxKeys: KEYS_PER_PAGE } }
            : args,
        ),
    { step: 'initialize', name: 'smallPages' },
  )
  const sqs = openSqsClient(config)
  let made = 0

  const createQueue = async (QueueName: string, attributes: Record<string, string> = {}) => {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: attributes }))
    const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] })
    const { Attributes } = await sqs.send(asked)
    return { url: QueueUrl, arn: Attributes?.['QueueArn'] ?? '' }
  }

  return {
    name,
    endpoint: { s3, sqs },

    openStore: async ({ versioned = false } = {}) => {
      const Bucket = `bucket-${++made}`
      await s3.send(new CreateBucketCommand({ Bucket }))
      if (versioned) {
        const VersioningConfiguration = { Status: 'Enabled' as const }
        await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
      }
      return openS3ObjectStore(s3, Bucket)
    },

    readTags: async ({ bucket }, key) => {
      const read = new GetObjectTaggingCommand({ Bucket: bucket, Key: key })
      const { TagSet } = await s3.send(read).catch(() => ({ TagSet: undefined }))
      return TagSet === undefined
        ? null
        : Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]))
    },

    openQueues: async ({ maxReceiveCount = 3 } = {}) => {
      const deadLetters = await createQueue(`dead-letters-${++made}`)
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount })
      const queue = await createQueue(`queue-${made}`, { RedrivePolicy, MaximumMessageSize: '1048576' })
      return {
        queue: openSqsMessageQueue(sqs, queue.url),
        deadLetters: openSqsMessageQueue(sqs, deadLetters.url),
      }
    },

    receiveAfter: async (afterSeconds, queue, options) => {
      const deadline = performance.now() + afterSeconds * 1000 + GRACE_MS
      for (;;) {
        const messages = await queue.receive({ ...options, waitSeconds: 1 }, unaborted)
        if (messages.length > 0 || performance.now() > deadline) return messages
      }
    },

    [Symbol.asyncDispose]: async () => {
      s3.destroy()
      sqs.destroy()
      await stop()
    },
  }
}
