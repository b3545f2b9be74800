import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import { SubscribeCommand } from '@aws-sdk/client-sns'
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { openEventBridgeClient, openSnsClient } from '../../../shared/aws/event-clients.ts'
import { DETAIL_TYPES, EVENT_SOURCE } from '../../../shared/contracts/event-names.ts'
import { type PipelineEvent, pipelineEventSchema } from '../../../shared/contracts/pipeline-event.ts'
import type { Deployment } from './deploy-on-moto.ts'

export interface EventSubscribers {
  /** Events that came since the last call. moto delivers while it answers the publisher. */
  received(): Promise<{ readonly bus: readonly PipelineEvent[]; readonly topic: readonly PipelineEvent[] }>
}

/** A program of the account that subscribes to the deployed bus and topic, as docs/events.md shows: a queue for each. */
export const subscribeToEvents = async ({ account, outputs }: Deployment): Promise<EventSubscribers> => {
  const { EventBusArn = '', EventTopicArn = '' } = outputs['svd-pipeline'] ?? {}
  const { AWS_ENDPOINT_URL: endpoint = '', AWS_REGION: region = '' } = account.environment
  const config = { endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
  const { sqs } = account

  const openQueue = async (QueueName: string) => {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName }))
    const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] })
    const { Attributes } = await sqs.send(asked)
    const receive = async (): Promise<readonly string[]> => {
      const bodies: string[] = []
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
        )
        if (Messages.length === 0) return bodies
        bodies.push(...Messages.map(({ Body = '' }) => Body))
      }
    }
    return { arn: Attributes?.['QueueArn'] ?? '', receive }
  }

  const ofBus = await openQueue('subscriber-of-bus')
  const eventBridge = openEventBridgeClient(config)
  const rule = { Name: 'subscriber', EventBusName: EventBusArn.split('/').at(-1) ?? '' }
  const EventPattern = JSON.stringify({
    ...{
      source: [EVENT_SOURCE],
      'detail-type': [DETAIL_TYPES['request.ended'], DETAIL_TYPES['batch.ended']],
    },
  })
  await eventBridge.send(new PutRuleCommand({ ...rule, EventPattern }))
  const Targets = [{ Id: 'queue', Arn: ofBus.arn }]
  await eventBridge.send(new PutTargetsCommand({ Rule: rule.Name, EventBusName: rule.EventBusName, Targets }))
  eventBridge.destroy()

  const ofTopic = await openQueue('subscriber-of-topic')
  const sns = openSnsClient(config)
  await sns.send(
    new SubscribeCommand({
      ...{ TopicArn: EventTopicArn, Protocol: 'sqs', Endpoint: ofTopic.arn },
      Attributes: {
        FilterPolicy: JSON.stringify({ type: ['request.ended', 'batch.ended'] }),
        RawMessageDelivery: 'true',
      },
    }),
  )
  sns.destroy()

  return {
    async received() {
      const bus = (await ofBus.receive()).map((body) => pipelineEventSchema.parse(JSON.parse(body).detail))
      const topic = (await ofTopic.receive()).map((body) => pipelineEventSchema.parse(JSON.parse(body)))
      return { bus, topic }
    },
  }
}
