import {
  type EventSourceMappingConfiguration,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import { DeleteMessageCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import type { DeployedFunction } from './deployed-function.ts'
import type { EmulatedAccount } from './emulated-account.ts'

/** The one queue that feeds the function. */
export const readMapping = async (
  { lambda }: EmulatedAccount,
  { name }: DeployedFunction,
): Promise<EventSourceMappingConfiguration> => {
  const listed = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName: name }))
  const mappings = listed.EventSourceMappings ?? []
  if (mappings.length !== 1) throw new Error(`${mappings.length} queues feed ${name}`)
  return mappings[0]!
}

/** moto would take every message at once, run nothing and delete it. From here on the test polls instead of Lambda. */
export const stopPolling = async (
  { lambda }: EmulatedAccount,
  { UUID }: EventSourceMappingConfiguration,
): Promise<void> => {
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }))
}

/** A record of the event as AWS's "Using Lambda with Amazon SQS" shows it. */
const recordOf = (message: Message, queueArn: string) => ({
  messageId: message.MessageId,
  receiptHandle: message.ReceiptHandle,
  body: message.Body,
  attributes: message.Attributes,
  messageAttributes: {},
  md5OfBody: message.MD5OfBody,
  eventSource: 'aws:sqs',
  eventSourceARN: queueArn,
  awsRegion: queueArn.split(':')[3],
})

export interface Polled {
  /** Bodies of what was received, in the order in which it came. */
  readonly bodies: readonly string[]
  readonly answer: unknown
  readonly log: string
}

/**
 * Does what Lambda does with the mapping: receives a batch, calls the function and deletes the messages that the answer does
 * not name.
 */
export const pollOnce = async (
  { sqs }: EmulatedAccount,
  ingest: DeployedFunction,
  mapping: EventSourceMappingConfiguration,
  queueUrl: string,
): Promise<Polled> => {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: mapping.BatchSize,
      MessageSystemAttributeNames: ['All'],
      WaitTimeSeconds: 1,
    }),
  )
  const event = { Records: Messages.map((message) => recordOf(message, mapping.EventSourceArn ?? '')) }
  const { answers, log } = await ingest.invoke(event)
  const [answer] = answers as [{ readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] }]
  const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
  for (const { MessageId = '', ReceiptHandle } of Messages) {
    if (!failed.has(MessageId))
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }))
  }
  return { bodies: Messages.map(({ Body = '' }) => Body), answer, log }
}
