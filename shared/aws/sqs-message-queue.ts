import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  MessageNotInflight,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
  SQSServiceException,
} from '@aws-sdk/client-sqs'
import { z } from 'zod'
import {
  LeaseLostError,
  MAX_BATCH_BYTES,
  type MessageQueue,
  type ReceivedMessage,
} from '../ports/message-queue.ts'
import { abortable } from './abortable.ts'
import { batchesOf, bodyBytes, type IndexedMessage } from './sqs-batches.ts'

const messageSchema = z.object({
  MessageId: z.string(),
  Body: z.string(),
  ReceiptHandle: z.string(),
  Attributes: z.object({
    ApproximateReceiveCount: z.coerce.number().int().min(1),
    SentTimestamp: z.coerce.number().int(),
    MessageGroupId: z.string().optional(),
  }),
})

const parseMessage = (message: unknown): ReceivedMessage => {
  const { MessageId, Body, ReceiptHandle, Attributes } = messageSchema.parse(message)
  return {
    messageId: MessageId,
    body: Body,
    receiptHandle: ReceiptHandle,
    receiveCount: Attributes.ApproximateReceiveCount,
    sentAt: new Date(Attributes.SentTimestamp),
    groupId: Attributes.MessageGroupId ?? null,
  }
}

const depthSchema = z.object({
  ApproximateNumberOfMessages: z.coerce.number().int(),
  ApproximateNumberOfMessagesNotVisible: z.coerce.number().int(),
  ApproximateNumberOfMessagesDelayed: z.coerce.number().int(),
})

/**
 * SQS has three answers for a receipt that holds nothing any more. The third, without a class of its own, is that of a
 * bad value too: "Value … for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
 */
const isLostLease = (error: unknown): error is SQSServiceException =>
  error instanceof MessageNotInflight ||
  error instanceof ReceiptHandleIsInvalid ||
  (error instanceof SQSServiceException && error.message.includes('for parameter ReceiptHandle is invalid'))

export const openSqsMessageQueue = (client: SQSClient, url: string): MessageQueue => {
  const sendBatch = async (batch: readonly IndexedMessage[], abortSignal: AbortSignal) => {
    const Entries = batch.map(({ index, body, groupId }) => ({
      Id: String(index),
      MessageBody: body,
      MessageGroupId: groupId,
    }))
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }), {
      abortSignal,
    })
    return Failed.map(({ Id, Code, Message }) => ({
      index: Number(Id),
      reason: [Code, Message].filter(Boolean).join(': '),
    }))
  }

  return {
    url,

    send: (messages, signal) =>
      abortable(signal, async () => {
        const all = messages.map((message, index) => ({ ...message, index }))
        const refused = all
          .filter((message) => bodyBytes(message) > MAX_BATCH_BYTES)
          .map((message) => ({
            index: message.index,
            reason: `has ${bodyBytes(message)} bytes, more than the ${MAX_BATCH_BYTES} of a message`,
          }))
        for (const batch of batchesOf(all.filter((message) => bodyBytes(message) <= MAX_BATCH_BYTES))) {
          refused.push(...(await sendBatch(batch, signal)))
        }
        return refused.sort((a, b) => a.index - b.index)
      }),

    receive: ({ maxMessages, waitSeconds, visibilitySeconds }, signal) =>
      abortable(signal, async () => {
        const command = new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: maxMessages,
          WaitTimeSeconds: waitSeconds,
          VisibilityTimeout: visibilitySeconds,
          MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp', 'MessageGroupId'],
        })
        const { Messages = [] } = await client.send(command, { abortSignal: signal })
        return Messages.map(parseMessage)
      }),

    setVisibility: (receiptHandle, seconds, signal) =>
      abortable(signal, async () => {
        const command = new ChangeMessageVisibilityCommand({
          QueueUrl: url,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: seconds,
        })
        try {
          await client.send(command, { abortSignal: signal })
        } catch (error) {
          if (isLostLease(error)) throw new LeaseLostError(error.message, { cause: error })
          throw error
        }
      }),

    remove: (receiptHandle, signal) =>
      abortable(signal, async () => {
        const command = new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receiptHandle })
        try {
          await client.send(command, { abortSignal: signal })
        } catch (error) {
          if (!isLostLease(error)) throw error
        }
      }),

    depth: (signal) =>
      abortable(signal, async () => {
        const command = new GetQueueAttributesCommand({
          QueueUrl: url,
          AttributeNames: Object.keys(depthSchema.shape) as (keyof typeof depthSchema.shape)[],
        })
        const { Attributes } = await client.send(command, { abortSignal: signal })
        const depth = depthSchema.parse(Attributes)
        return {
          visible: depth.ApproximateNumberOfMessages,
          inFlight: depth.ApproximateNumberOfMessagesNotVisible,
          delayed: depth.ApproximateNumberOfMessagesDelayed,
        }
      }),
  }
}
