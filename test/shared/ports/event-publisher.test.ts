import { CreateEventBusCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns'
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { afterAll, describe } from 'vitest'
import { openSqsClient } from '../../../shared/aws/clients.ts'
import { openEventBus } from '../../../shared/aws/event-bus.ts'
import { openEventBridgeClient, openSnsClient } from '../../../shared/aws/event-clients.ts'
import { openEventTopic } from '../../../shared/aws/event-topic.ts'
import { EVENT_SOURCE } from '../../../shared/contracts/event-names.ts'
import type { PipelineEvent } from '../../../shared/contracts/pipeline-event.ts'
import { openMemoryEventPublisher } from '../../fixtures/memory-event-publisher.ts'
import { eventPublisherContract, type PublisherOfContract } from './event-publisher-contract.ts'
import { startMoto } from './open-moto.ts'

describe('in memory', () => {
  eventPublisherContract(async () => {
    const publisher = openMemoryEventPublisher()
    return { publisher, received: async () => publisher.accepted.map((text) => JSON.parse(text)) }
  })
})

const moto = await startMoto()
afterAll(() => moto?.stop())

const title = `on moto${moto === null ? ' (skipped: neither SVD_PYTHON nor the PATH has moto’s server)' : ''}`
describe.skipIf(moto === null)(title, () => {
  const config = {
    endpoint: moto?.url ?? '',
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }
  const sqs = openSqsClient(config)
  let made = 0

  /** A queue that subscribes to a publisher, and what has come so far. */
  const openSubscriber = async () => {
    const QueueName = `subscriber-${++made}`
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName }))
    const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] })
    const { Attributes } = await sqs.send(asked)
    return {
      arn: Attributes?.['QueueArn'] ?? '',
      /** moto delivers while it answers, so that a receive without messages is the last. */
      async bodies(): Promise<readonly unknown[]> {
        const found: unknown[] = []
        for (;;) {
          const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 })
          const { Messages = [] } = await sqs.send(receive)
          if (Messages.length === 0) return found
          found.push(...Messages.map(({ Body = '' }) => JSON.parse(Body)))
        }
      },
    }
  }

  describe('through EventBridge to a queue', () => {
    eventPublisherContract(async (): Promise<PublisherOfContract> => {
      const client = openEventBridgeClient(config)
      const subscriber = await openSubscriber()
      const bus = `bus-${made}`
      await client.send(new CreateEventBusCommand({ Name: bus }))
      const EventPattern = JSON.stringify({ source: [EVENT_SOURCE] })
      await client.send(new PutRuleCommand({ Name: bus, EventBusName: bus, EventPattern }))
      const Targets = [{ Id: 'queue', Arn: subscriber.arn }]
      await client.send(new PutTargetsCommand({ Rule: bus, EventBusName: bus, Targets }))
      return {
        publisher: openEventBus({ client, bus, sign: null }),
        received: async () =>
          (await subscriber.bodies()).map((body) => (body as { readonly detail: PipelineEvent }).detail),
      }
    })
  })

  describe('through SNS to a queue', () => {
    eventPublisherContract(async (): Promise<PublisherOfContract> => {
      const client = openSnsClient(config)
      const subscriber = await openSubscriber()
      const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: `topic-${made}` }))
      await client.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: subscriber.arn }))
      return {
        publisher: openEventTopic({ client, topicArn: TopicArn }),
        received: async () =>
          (await subscriber.bodies()).map((body) =>
            JSON.parse((body as { readonly Message: string }).Message),
          ),
      }
    })
  })
})
