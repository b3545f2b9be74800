import { PublishBatchCommand, type PublishBatchRequestEntry, type SNSClient } from '@aws-sdk/client-sns'
import { attributesOf } from '../contracts/event-names.ts'
import type { PipelineEvent } from '../contracts/pipeline-event.ts'
import type { EventPublisher } from '../ports/event-publisher.ts'
import { abortable } from './abortable.ts'
import { type BatchLimits, publishInBatches } from './publish-in-batches.ts'

/**
 * "Publishes up to 10 messages to the specified topic in a single batch." "The maximum allowed individual message size and
 * the maximum total payload size (the sum of the individual lengths of all of the batched messages) are both 256 KB
 * (262,144 bytes)." (SNS API reference, PublishBatch)
 */
export const TOPIC_LIMITS: BatchLimits = { maxEntries: 10, maxBytes: 262_144 }

export interface EventTopicOptions {
  readonly client: SNSClient
  readonly topicArn: string
}

const DATA_TYPE = 'String'

const entryOf = (event: PipelineEvent, index: number): PublishBatchRequestEntry => ({
  Id: String(index),
  Message: JSON.stringify(event),
  MessageAttributes: Object.fromEntries(
    Object.entries(attributesOf(event)).map(([name, value]) => [
      name,
      { DataType: DATA_TYPE, StringValue: value },
    ]),
  ),
})

/**
 * "All parts of the message attribute, including name, type, and value, are included in the message size restriction"
 * (SNS API reference, MessageAttributeValue).
 */
const sizeOf = (event: PipelineEvent, { Message = '' }: PublishBatchRequestEntry): number =>
  Object.entries(attributesOf(event)).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(`${name}${DATA_TYPE}${value}`),
    Buffer.byteLength(Message),
  )

/**
 * Needs `sns:Publish` on the topic, which "grants permission to both publish and publish batch" (SNS developer guide, API
 * permissions reference).
 */
export const openEventTopic = ({ client, topicArn }: EventTopicOptions): EventPublisher => ({
  name: 'topic',

  publish: (events, signal) =>
    abortable(signal, () => {
      const entries = events.map((event, index) => {
        const entry = entryOf(event, index)
        return { index, entry, sizeBytes: sizeOf(event, entry) }
      })
      return publishInBatches(entries, TOPIC_LIMITS, async (batch) => {
        const command = new PublishBatchCommand({
          TopicArn: topicArn,
          PublishBatchRequestEntries: batch.map(({ entry }) => entry),
        })
        const { Successful = [], Failed = [] } = await client.send(command, { abortSignal: signal })
        // "Because the batch request can result in a combination of successful and unsuccessful actions, you should check
        // for batch errors even when the call returns an HTTP status code of 200." (SNS API reference, PublishBatch)
        const accepted = new Set(Successful.map(({ Id }) => Id))
        return batch.flatMap((entry) => {
          if (accepted.has(entry.entry.Id)) return []
          const { Code, Message } = Failed.find(({ Id }) => Id === entry.entry.Id) ?? {}
          const reason = [Code, Message].filter(Boolean).join(': ')
          return [{ entry, reason: reason || 'the service answered without a message id' }]
        })
      })
    }),
})
