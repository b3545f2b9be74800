import { expect, test } from 'vitest'
import { openSqsMessageQueue } from '../../../shared/aws/sqs-message-queue.ts'
import { LeaseLostError } from '../../../shared/ports/message-queue.ts'
import { type Answer, openScriptedEndpoint, type ScriptedRequest } from '../../fixtures/scripted-endpoint.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { anSqsClient } from './a-client.ts'

const URL = 'https://sqs.us-east-1.amazonaws.com/123456789012/jobs'
const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' }

const said = (body: unknown): Answer => ({ status: 200, headers: JSON_TYPE, body: JSON.stringify(body) })

/** An error as SQS sends it, with the code of the older protocol in a header. */
const sqsError = (type: string, code: string, message: string): Answer => ({
  status: 400,
  headers: { ...JSON_TYPE, 'x-amzn-query-error': `${code};Sender` },
  body: JSON.stringify({ __type: type, message }),
})

const aQueue = async (answer: (request: ScriptedRequest, place: number) => Answer) => {
  const endpoint = await openScriptedEndpoint(answer)
  const queue = openSqsMessageQueue(anSqsClient(endpoint.url), URL)
  return { queue, sent: () => endpoint.requests.map(({ body }) => JSON.parse(body)) }
}

const HANDLE_IS_INVALID = (reason: string) =>
  sqsError(
    'com.amazon.coral.service#InvalidParameterValueException',
    'InvalidParameterValue',
    `Value AQEB for parameter ReceiptHandle is invalid. Reason: ${reason}`,
  )

const LOST = [
  ['not in flight', sqsError('com.amazonaws.sqs#MessageNotInflight', 'MessageNotInflight', 'not in flight')],
  ['invalid', sqsError('com.amazonaws.sqs#ReceiptHandleIsInvalid', 'ReceiptHandleIsInvalid', 'invalid')],
  ['expired', HANDLE_IS_INVALID('The receipt handle has expired.')],
  [
    'not available',
    HANDLE_IS_INVALID('Message does not exist or is not available for visibility timeout change.'),
  ],
] as const

test.each(LOST)(
  'a receipt handle that is %s is a lost lease for a heartbeat, and no error for a removal',
  async (_, answer) => {
    const { queue } = await aQueue(() => answer)
    await expect(queue.setVisibility('AQEB', 60, unaborted)).rejects.toThrow(LeaseLostError)
    await queue.remove('AQEB', unaborted)
  },
)

test('a refused visibility timeout is not a lost lease', async () => {
  const { queue } = await aQueue(() =>
    sqsError(
      'com.amazon.coral.service#InvalidParameterValueException',
      'InvalidParameterValue',
      'Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].',
    ),
  )
  const extended = queue.setVisibility('AQEB', 43_200, unaborted)
  await expect(extended).rejects.toThrow(/beyond the limit/)
  await expect(extended).rejects.not.toBeInstanceOf(LeaseLostError)
})

test('the SQS queue sends group and body, and returns the messages that SQS refused', async () => {
  const { queue, sent } = await aQueue((_, place) => {
    const failed = {
      Id: place === 0 ? '3' : '11',
      Code: 'InternalError',
      Message: 'try later',
      SenderFault: false,
    }
    return said({ Successful: [], Failed: [failed] })
  })
  const messages = Array.from({ length: 12 }, (_, i) => ({ body: `body ${i}`, groupId: `group ${i}` }))

  const refused = await queue.send(messages, unaborted)

  expect(refused).toEqual([
    { index: 3, reason: 'InternalError: try later' },
    { index: 11, reason: 'InternalError: try later' },
  ])
  expect(sent().map(({ Entries }) => Entries.length)).toEqual([10, 2])
  expect(sent()[1].Entries[1]).toEqual({ Id: '11', MessageBody: 'body 11', MessageGroupId: 'group 11' })
})

test('the SQS queue requests receive count, sent time and group of a message', async () => {
  const { queue, sent } = await aQueue(() => said({}))

  expect(await queue.receive({ maxMessages: 1, waitSeconds: 20, visibilitySeconds: 120 }, unaborted)).toEqual(
    [],
  )

  expect(sent()[0]).toEqual({
    QueueUrl: URL,
    ...{ MaxNumberOfMessages: 1, WaitTimeSeconds: 20, VisibilityTimeout: 120 },
    MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp', 'MessageGroupId'],
  })
})

test('an aborted long poll fails at once with its reason', async () => {
  const aborting = new AbortController()
  const reason = new Error('draining')
  const { queue } = await aQueue(() => () => aborting.abort(reason))
  const polled = queue.receive({ maxMessages: 1, waitSeconds: 20, visibilitySeconds: 120 }, aborting.signal)
  await expect(polled).rejects.toBe(reason)
})

test('the SQS queue fails when a whole request fails', async () => {
  const { queue } = await aQueue(() =>
    sqsError(
      'com.amazonaws.sqs#QueueDoesNotExist',
      'AWS.SimpleQueueService.NonExistentQueue',
      'no such queue',
    ),
  )
  await expect(queue.send([{ body: 'a', groupId: 'g' }], unaborted)).rejects.toThrow('no such queue')
})
