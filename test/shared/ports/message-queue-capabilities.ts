import {
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs'
import {
  LeaseLostError,
  MAX_LEASE_SECONDS,
  type MessageQueue,
  type ReceivedMessage,
} from '../../../shared/ports/message-queue.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { acceptance, acceptanceOrError, type Capability } from './capability.ts'
import type { Implementation } from './implementation.ts'

const NOW = { maxMessages: 1, waitSeconds: 0, visibilitySeconds: 600 }

/** Sends two messages and returns the one that is received. */
const aDelivery = async (
  { openQueues }: Implementation,
  visibilitySeconds = NOW.visibilitySeconds,
): Promise<{ queue: MessageQueue; message: ReceivedMessage }> => {
  const { queue } = await openQueues({ maxReceiveCount: 10 })
  await queue.send(
    ['a', 'b'].map((body) => ({ body, groupId: 'a-batch' })),
    unaborted,
  )
  const [message] = await queue.receive({ ...NOW, visibilitySeconds }, unaborted)
  if (message === undefined) throw new Error('nothing to receive')
  return { queue, message }
}

const arnOf = async ({ endpoint }: Implementation, { url }: MessageQueue): Promise<string> => {
  const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] })
  return (await endpoint?.sqs.send(asked))?.Attributes?.['QueueArn'] ?? ''
}

export const MESSAGE_QUEUE_CAPABILITIES = {
  'group of a message': {
    aws: 'comes back',
    observe: async (implementation) => {
      const { message } = await aDelivery(implementation)
      return message.groupId === 'a-batch' ? 'comes back' : 'forgotten'
    },
  },
  'body with an emoji': {
    aws: 'accepted',
    observe: async ({ openQueues }) => {
      const { queue } = await openQueues()
      const refused = await queue.send([{ body: '😀', groupId: 'a-batch' }], unaborted)
      return refused.length === 0 ? 'accepted' : 'refused'
    },
  },
  'two bodies of 600 KiB in one batch': {
    aws: 'refused',
    observe: async ({ openQueues, endpoint }) => {
      if (endpoint === null) return null
      const { queue } = await openQueues()
      const MessageBody = 'x'.repeat(600 * 1024)
      const Entries = ['0', '1'].map((Id) => ({ Id, MessageBody }))
      const command = new SendMessageBatchCommand({ QueueUrl: queue.url, Entries })
      return acceptance(endpoint.sqs.send(command))
    },
  },
  'extension after the time is over': {
    aws: 'LeaseLostError',
    observe: async (implementation) => {
      const { queue, message } = await aDelivery(implementation, 1)
      // The queue is not polled meanwhile. A message of another queue, hidden later, shows that the time is over.
      const { queue: other } = await aDelivery(implementation, 1)
      await other.receive({ ...NOW, visibilitySeconds: 1 }, unaborted)
      await implementation.receiveAfter(1, other, NOW)
      return acceptanceOrError(queue.setVisibility(message.receiptHandle, 60, unaborted), LeaseLostError)
    },
  },
  'extension when another has received it since': {
    aws: 'LeaseLostError',
    observe: async (implementation) => {
      const { queue, message } = await aDelivery(implementation)
      await queue.setVisibility(message.receiptHandle, 0, unaborted)
      await queue.receive({ ...NOW, maxMessages: 2 }, unaborted)
      const extended = queue.setVisibility(message.receiptHandle, 60, unaborted)
      return acceptanceOrError(extended, LeaseLostError)
    },
  },
  'removal when another has received it since': {
    aws: 'has no effect',
    observe: async (implementation) => {
      const { queue, message } = await aDelivery(implementation)
      await queue.setVisibility(message.receiptHandle, 0, unaborted)
      await queue.receive({ ...NOW, maxMessages: 2 }, unaborted)
      await queue.remove(message.receiptHandle, unaborted)
      return (await queue.depth(unaborted)).inFlight === 2 ? 'has no effect' : 'removes it'
    },
  },
  'extension beyond 12 hours from the receive': {
    aws: 'refused',
    observe: async (implementation) => {
      const { queue, message } = await aDelivery(implementation)
      // Some time has to go by, and the other message is there at once.
      await implementation.receiveAfter(1, queue, NOW)
      const extended = queue.setVisibility(message.receiptHandle, MAX_LEASE_SECONDS, unaborted)
      return acceptance(extended)
    },
  },
  'long poll': {
    aws: 'ends when a message comes',
    observe: async ({ openQueues }) => {
      const { queue } = await openQueues()
      const begun = performance.now()
      const polled = queue.receive({ ...NOW, waitSeconds: 20 }, unaborted)
      await queue.send([{ body: 'a', groupId: 'a-batch' }], unaborted)
      const { length } = await polled
      if (length === 0) return 'ends at once'
      return performance.now() - begun < 10_000 ? 'ends when a message comes' : 'ends late'
    },
  },
  StartMessageMoveTask: {
    aws: 'moves them back',
    observe: async (implementation) => {
      const { endpoint, openQueues, receiveAfter } = implementation
      if (endpoint === null) return null
      const { queue, deadLetters } = await openQueues()
      await deadLetters.send([{ body: 'a', groupId: 'a-batch' }], unaborted)
      const [SourceArn, DestinationArn] = [
        await arnOf(implementation, deadLetters),
        await arnOf(implementation, queue),
      ]
      const task = endpoint.sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn }))
      if ((await acceptance(task)) === 'refused') return 'not there'
      const moved = await receiveAfter(0, queue, NOW)
      return moved.length === 1 ? 'moves them back' : 'moves nothing'
    },
  },
} satisfies Record<string, Capability>
