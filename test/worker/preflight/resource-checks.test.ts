import { describe, expect, test } from 'vitest'
import { checkBucket, checkDeadLetters, checkJobsQueue } from '../../../worker/preflight/resource-checks.ts'
import { openMemoryMessageQueue } from '../../fixtures/memory-message-queue.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { anAccount } from './an-account.ts'

const rejecting = (fields: object) => () => Promise.reject(Object.assign(new Error('as told'), fields))

describe('the check of a bucket', () => {
  const checkWith = (seeBucket: (name: string) => Promise<void>) =>
    checkBucket(
      anAccount({ seeBucket }),
      { name: 'input', bucket: 'in', option: '--input-bucket' },
      unaborted,
    )

  test('that the caller can access is ok', async () => {
    const seen: string[] = []
    expect(await checkWith(async (name) => void seen.push(name))).toEqual({
      ...{ name: 'input', status: 'ok', found: 's3://in', fix: null },
    })
    expect(seen).toEqual(['in'])
  })

  test.each([
    [
      'does not exist',
      { name: 'NotFound' },
      's3://in is not there',
      'check --input-bucket, account and region',
    ],
    [
      'is in a region that S3 names',
      { $metadata: { httpStatusCode: 301 }, $response: { headers: { 'x-amz-bucket-region': 'us-east-2' } } },
      's3://in is in us-east-2',
      'set AWS_REGION=us-east-2',
    ],
    [
      'is in a region that S3 does not name',
      { $metadata: { httpStatusCode: 301 } },
      's3://in is in another region',
      'set AWS_REGION to it',
    ],
  ])('that %s fails', async (_, fields, found, fix) => {
    expect(await checkWith(rejecting(fields))).toEqual({ name: 'input', status: 'fail', found, fix })
  })
})

const aQueue = () => openMemoryMessageQueue({ url: 'https://sqs/letters', now: () => 0 })

describe('the check of a dead-letter queue', () => {
  test('without messages is ok', async () => {
    expect(await checkDeadLetters(aQueue(), unaborted)).toEqual({
      ...{ name: 'dead letters', status: 'ok', found: 'https://sqs/letters: 0 waiting', fix: null },
    })
  })

  test('with messages is a warning that counts visible, in-flight and delayed messages', async () => {
    const queue = { ...aQueue(), depth: async () => ({ visible: 4, inFlight: 2, delayed: 1 }) }
    expect(await checkDeadLetters(queue, unaborted)).toEqual({
      ...{ name: 'dead letters', status: 'warn', found: 'https://sqs/letters: 7 waiting' },
      fix: 'svd redrive --dry-run tells which failed, svd redrive brings them back',
    })
  })
})

test.each([
  ['jobs queue', checkJobsQueue, '--jobs-queue-url'],
  [
    'dead letters',
    (queue: ReturnType<typeof aQueue>, _: null, signal: AbortSignal) => checkDeadLetters(queue, signal),
    '--dead-letter-queue-url',
  ],
] as const)(
  'the check named "%s" names its option when the queue does not exist',
  async (name, check, option) => {
    const queue = { ...aQueue(), depth: rejecting({ name: 'QueueDoesNotExist' }) }
    expect(await check(queue, null, unaborted)).toEqual({
      ...{ name, status: 'fail', found: 'https://sqs/letters is not there' },
      fix: `check ${option}, account and region`,
    })
  },
)

test('the check of a queue that the caller may not read names the IAM action', async () => {
  const queue = { ...aQueue(), depth: rejecting({ name: 'AccessDenied' }) }
  for (const check of [
    await checkJobsQueue(queue, null, unaborted),
    await checkDeadLetters(queue, unaborted),
  ]) {
    expect(check).toMatchObject({
      status: 'warn',
      found: 'skipped: no right to sqs:GetQueueAttributes (as told)',
    })
  }
})
