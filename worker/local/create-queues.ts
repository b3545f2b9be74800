import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { MAX_JOB_RECEIVES } from '../../shared/contracts/job-message.ts'
import { DEAD_LETTER_QUEUE, JOBS_QUEUE } from './names.ts'

/** As the deployed stack sets them up. */
const VISIBILITY_SECONDS = 120
const FOURTEEN_DAYS_SECONDS = 14 * 24 * 60 * 60

/** The URL of a queue at an endpoint. A queue of a data folder has the port of the process that made it. */
const urlAt = (endpoint: string, queueUrl: string): string => {
  const url = new URL(queueUrl)
  url.port = new URL(endpoint).port
  return url.href
}

/**
 * Makes the queues of the local pipeline, or gives those that are there the attributes of this version. Returns their
 * URLs at `endpoint`.
 */
export const createQueues = async (
  client: SQSClient,
  endpoint: string,
): Promise<{ readonly jobs: string; readonly deadLetters: string }> => {
  const create = async (QueueName: string, Attributes: Record<string, string>): Promise<string> => {
    // Without attributes, because SQS refuses others than those that the queue has.
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName }))
    if (QueueUrl === undefined) throw new Error(`the endpoint gave no URL for the queue ${QueueName}`)
    await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }))
    return urlAt(endpoint, QueueUrl)
  }
  const deadLetters = await create(DEAD_LETTER_QUEUE, {
    MessageRetentionPeriod: String(FOURTEEN_DAYS_SECONDS),
  })
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetters, AttributeNames: ['QueueArn'] }),
  )
  const jobs = await create(JOBS_QUEUE, {
    VisibilityTimeout: String(VISIBILITY_SECONDS),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: Attributes?.['QueueArn'],
      maxReceiveCount: MAX_JOB_RECEIVES,
    }),
  })
  return { jobs, deadLetters }
}
