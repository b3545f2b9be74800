import { describe, expect, test } from 'vitest'
import { BUS_LIMITS, openEventBus } from '../../../shared/aws/event-bus.ts'
import { openEventBridgeClient, openSnsClient } from '../../../shared/aws/event-clients.ts'
import { openEventTopic, TOPIC_LIMITS } from '../../../shared/aws/event-topic.ts'
import type { PipelineEvent } from '../../../shared/contracts/pipeline-event.ts'
import type { EventPublisher } from '../../../shared/ports/event-publisher.ts'
import { aBatchEnded, anUploadRejected, aRequestEnded } from '../../fixtures/pipeline-events.ts'
import {
  type Answer,
  openScriptedEndpoint,
  type ScriptedEndpoint,
  type ScriptedRequest,
} from '../../fixtures/scripted-endpoint.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:events'

const config = (endpoint: string) => ({
  ...{ endpoint, region: 'us-east-1', maxAttempts: 1 },
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
})

interface BusEntry {
  readonly EventBusName: string
  readonly Source: string
  readonly DetailType: string
  readonly Detail: string
}

const busEntries = ({ body }: ScriptedRequest): readonly BusEntry[] => JSON.parse(body).Entries

const eventIdOf = ({ Detail }: BusEntry): string => JSON.parse(Detail).event_id

/** `MessageAttributes` and messages of a request of SNS, which is a form. */
const formOf = ({ body }: ScriptedRequest): Readonly<Record<string, string>> =>
  Object.fromEntries(new URLSearchParams(body))

const messagesOf = (request: ScriptedRequest): readonly { readonly id: string; readonly text: string }[] => {
  const form = formOf(request)
  const members = Object.keys(form).filter((name) => /\.\d+\.Message$/.test(name))
  return members.map((name) => ({
    id: form[name.replace(/Message$/, 'Id')] ?? '',
    text: form[name] ?? '',
  }))
}

const refusal = (code: string): Answer => ({
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code },
  body: JSON.stringify({ __type: code, message: 'an entry is not valid' }),
})

const snsError = (code: string): Answer => ({
  status: 400,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>an entry is not valid</Message></Error></ErrorResponse>`,
})

const snsAnswer = (request: ScriptedRequest, failedIds: readonly string[] = []): Answer => {
  const ids = messagesOf(request).map(({ id }) => id)
  const successful = ids
    .filter((id) => !failedIds.includes(id))
    .map((id) => `<member><Id>${id}</Id><MessageId>m-${id}</MessageId></member>`)
  const failed = failedIds.map(
    (id) =>
      `<member><Id>${id}</Id><Code>InvalidParameter</Code><Message>not valid</Message><SenderFault>true</SenderFault></member>`,
  )
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Successful>${successful.join('')}</Successful><Failed>${failed.join('')}</Failed></PublishBatchResult></PublishBatchResponse>`,
  }
}

const busAnswer = (entries: readonly object[]): Answer => ({
  status: 200,
  body: JSON.stringify({ FailedEntryCount: 0, Entries: entries }),
})

const openBus = async (
  answer: (request: ScriptedRequest, place: number) => Answer,
): Promise<{ readonly bus: EventPublisher; readonly endpoint: ScriptedEndpoint }> => {
  const endpoint = await openScriptedEndpoint(answer)
  const client = openEventBridgeClient(config(endpoint.url))
  return { bus: openEventBus({ client, bus: 'svd', sign: null }), endpoint }
}

const openTopic = async (answer: (request: ScriptedRequest, place: number) => Answer) => {
  const endpoint = await openScriptedEndpoint(answer)
  return {
    topic: openEventTopic({ client: openSnsClient(config(endpoint.url)), topicArn: TOPIC }),
    endpoint,
  }
}

const accepted = (request: ScriptedRequest): Answer =>
  busAnswer(busEntries(request).map((_, n) => ({ EventId: `event-${n}` })))

const events = (count: number): readonly PipelineEvent[] =>
  Array.from({ length: count }, (_, n) => aRequestEnded(n))

describe('the event bus', () => {
  test('gets at most ten entries a request, each with source and detail-type', async () => {
    const { bus, endpoint } = await openBus(accepted)

    await bus.publish([aRequestEnded(1), aBatchEnded(2), anUploadRejected(3), ...events(9)], unaborted)

    const [first = [], second = []] = endpoint.requests.map(busEntries)
    expect([first.length, second.length]).toEqual([10, 2])
    expect(
      first.slice(0, 3).map(({ EventBusName, Source, DetailType }) => [EventBusName, Source, DetailType]),
    ).toEqual([
      ['svd', 'svd-batch', 'Request Ended'],
      ['svd', 'svd-batch', 'Batch Ended'],
      ['svd', 'svd-batch', 'Upload Rejected'],
    ])
    expect(JSON.parse(first[0]?.Detail ?? '')).toEqual(aRequestEnded(1))
  })

  test('gets requests below the size limit when events are large', async () => {
    const { bus, endpoint } = await openBus(accepted)
    const large = Array.from({ length: 7 }, (_, n) => aRequestEnded(n, { warnings: ['ü'.repeat(50_000)] }))

    expect(await bus.publish(large, unaborted)).toEqual([])

    const sizes = endpoint.requests.map((request) =>
      busEntries(request).reduce((sum, { Detail }) => sum + Buffer.byteLength(Detail), 0),
    )
    expect(sizes).toHaveLength(4)
    for (const size of sizes) expect(size).toBeLessThan(BUS_LIMITS.maxBytes)
  })

  test('names the entries that failed, although FailedEntryCount is 0', async () => {
    const { bus } = await openBus(() =>
      busAnswer([
        { EventId: 'event-0' },
        { ErrorCode: 'MalformedDetail', ErrorMessage: 'The JSON provided is not valid.' },
        { ErrorCode: 'ThrottlingException' },
        {},
      ]),
    )

    expect(await bus.publish(events(4), unaborted)).toEqual([
      { index: 1, reason: 'MalformedDetail: The JSON provided is not valid.' },
      { index: 2, reason: 'ThrottlingException' },
      { index: 3, reason: 'the service answered without an event id' },
    ])
  })

  test('gets each entry of a refused request again in a request of its own', async () => {
    const poison = aRequestEnded(7).event_id
    const { bus, endpoint } = await openBus((request) =>
      busEntries(request).some((entry) => eventIdOf(entry) === poison)
        ? refusal('ValidationException')
        : accepted(request),
    )

    expect(await bus.publish(events(12), unaborted)).toEqual([
      { index: 7, reason: 'ValidationException: an entry is not valid' },
    ])
    expect(endpoint.requests.map((request) => busEntries(request).length)).toEqual([
      ...[10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      2,
    ])
  })

  test.each(['AccessDeniedException', 'ThrottlingException', 'ExpiredTokenException'])(
    'fails with %s, which no event caused, after one request',
    async (code) => {
      const { bus, endpoint } = await openBus(() => refusal(code))

      await expect(bus.publish(events(12), unaborted)).rejects.toThrow('an entry is not valid')
      expect(endpoint.requests).toHaveLength(1)
    },
  )

  test('fails when an answer is lost', async () => {
    const { bus } = await openBus(() => 'lost')

    await expect(bus.publish(events(1), unaborted)).rejects.toThrow()
  })
})

describe('the event topic', () => {
  test('gets at most ten messages a request, with attributes for filter policies', async () => {
    const { topic, endpoint } = await openTopic((request) => snsAnswer(request))

    expect(await topic.publish([anUploadRejected(1), aBatchEnded(2), ...events(9)], unaborted)).toEqual([])

    expect(endpoint.requests.map((request) => messagesOf(request).length)).toEqual([10, 1])
    const form = formOf(endpoint.requests[0]!)
    const attributes = (member: number) =>
      Object.fromEntries(
        [1, 2, 3].map((n) => {
          const at = `PublishBatchRequestEntries.member.${member}.MessageAttributes.entry.${n}`
          expect(form[`${at}.Value.DataType`]).toBe('String')
          return [form[`${at}.Name`], form[`${at}.Value.StringValue`]]
        }),
      )
    expect([attributes(1), attributes(2), attributes(3)]).toEqual([
      { type: 'upload.rejected', upload_kind: 'other', state: 'rejected' },
      { type: 'batch.ended', upload_kind: 'manifest', state: 'partly' },
      { type: 'request.ended', upload_kind: 'image', state: 'succeeded' },
    ])
  })

  test('gets requests below the size limit when events are large', async () => {
    const { topic, endpoint } = await openTopic((request) => snsAnswer(request))
    const large = Array.from({ length: 7 }, (_, n) => aRequestEnded(n, { warnings: ['x'.repeat(100_000)] }))

    expect(await topic.publish(large, unaborted)).toEqual([])

    const sizes = endpoint.requests.map((request) =>
      messagesOf(request).reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
    )
    expect(sizes).toHaveLength(4)
    for (const size of sizes) expect(size).toBeLessThan(TOPIC_LIMITS.maxBytes)
  })

  test('names the messages that failed', async () => {
    const { topic } = await openTopic((request) => snsAnswer(request, ['1']))

    expect(await topic.publish(events(3), unaborted)).toEqual([
      { index: 1, reason: 'InvalidParameter: not valid' },
    ])
  })

  test('gets each message of a refused request again in a request of its own', async () => {
    const poison = aRequestEnded(2).event_id
    const { topic, endpoint } = await openTopic((request) =>
      messagesOf(request).some(({ text }) => text.includes(poison))
        ? snsError('InvalidParameter')
        : snsAnswer(request),
    )

    expect(await topic.publish(events(4), unaborted)).toEqual([
      { index: 2, reason: expect.stringMatching(/InvalidParameter.*: an entry is not valid/) },
    ])
    expect(endpoint.requests.map((request) => messagesOf(request).length)).toEqual([4, 1, 1, 1, 1])
  })

  test.each(['AuthorizationError', 'KMSAccessDenied', 'Throttling'])(
    'fails with %s after one request',
    async (code) => {
      const { topic, endpoint } = await openTopic(() => snsError(code))

      await expect(topic.publish(events(12), unaborted)).rejects.toThrow('an entry is not valid')
      expect(endpoint.requests).toHaveLength(1)
    },
  )
})
