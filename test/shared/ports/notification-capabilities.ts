import { PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { z } from 'zod'
import { unaborted } from '../../fixtures/unaborted.ts'
import type { Capability } from './capability.ts'
import type { Implementation } from './implementation.ts'

const KEY = 'images/a b+c/%é.png'
const ENCODED = 'images/a+b%2Bc/%25%C3%A9.png'

const recordSchema = z.looseObject({
  eventName: z.string(),
  s3: z.looseObject({ object: z.looseObject({ key: z.string(), sequencer: z.string().optional() }) }),
})
/** The test event has no records. */
const eventSchema = z.looseObject({
  Event: z.string().optional(),
  Records: z.array(recordSchema).default([]),
})

const policyFor = (queueArn: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        ...{ Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' } },
        ...{ Action: 'sqs:SendMessage', Resource: queueArn },
      },
    ],
  })

/** The messages of a queue that a bucket notifies, after one object was put there. */
const notifications = async ({ endpoint, openStore, openQueues }: Implementation) => {
  if (endpoint === null) return []
  const store = await openStore()
  const { queue } = await openQueues({ maxReceiveCount: 10 })
  const asked = new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ['QueueArn'] })
  const QueueArn = (await endpoint.sqs.send(asked)).Attributes?.['QueueArn'] ?? ''
  const Attributes = { Policy: policyFor(QueueArn) }
  await endpoint.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes }))
  const NotificationConfiguration = {
    QueueConfigurations: [{ QueueArn, Events: ['s3:ObjectCreated:*' as const] }],
  }
  const notify = { Bucket: store.bucket, NotificationConfiguration }
  await endpoint.s3.send(new PutBucketNotificationConfigurationCommand(notify))
  await store.put(KEY, new Uint8Array(3), { contentType: 'image/png' }, unaborted)
  const events: z.infer<typeof eventSchema>[] = []
  for (;;) {
    const options = { maxMessages: 10, waitSeconds: 1, visibilitySeconds: 600 }
    const messages = await queue.receive(options, unaborted)
    if (messages.length === 0) return events
    events.push(...messages.map(({ body }) => eventSchema.parse(JSON.parse(body))))
  }
}

const recordIn = async (implementation: Implementation) => {
  const events = await notifications(implementation)
  return events.flatMap(({ Records }) => Records)[0]
}

export const NOTIFICATION_CAPABILITIES = {
  'notification of a new object to a queue': {
    aws: 's3:TestEvent, ObjectCreated:Put',
    observe: async (implementation) => {
      if (implementation.endpoint === null) return null
      const events = await notifications(implementation)
      const names = events.flatMap(({ Event, Records }) => Event ?? Records.map(({ eventName }) => eventName))
      return names.toSorted().toReversed().join(', ') || 'none'
    },
  },
  'key in a notification': {
    aws: 'form-URL-encoded',
    observe: async (implementation) => {
      const record = await recordIn(implementation)
      if (record === undefined) return null
      const { key } = record.s3.object
      if (decodeURIComponent(key.replaceAll('+', ' ')) !== KEY) return `another: ${key}`
      return key === ENCODED ? 'form-URL-encoded' : 'form-URL-encoded, slashes too'
    },
  },
  'sequencer in a notification': {
    aws: 'there',
    observe: async (implementation) => {
      const record = await recordIn(implementation)
      if (record === undefined) return null
      return record.s3.object.sequencer === undefined ? 'missing' : 'there'
    },
  },
} satisfies Record<string, Capability>
