import { expect, test } from 'vitest'
import { checkQueue, queueFinding } from '../../../worker/preflight/queue-check.ts'
import { openMemoryMessageQueue } from '../../fixtures/memory-message-queue.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const aQueue = async (messages: number) => {
  const queue = openMemoryMessageQueue({ url: 'https://sqs/jobs', now: () => 0 })
  await queue.send(
    Array.from({ length: messages }, () => ({ body: 'x', groupId: 'g' })),
    unaborted,
  )
  return queue
}

const FIX = 'give the queue a dead-letter queue with maxReceiveCount '

test.each([
  [2, 'fail'],
  [3, 'warn'],
  [19, 'warn'],
  [20, 'ok'],
] as const)('the check of a queue with maxReceiveCount %i has status %s', async (maxReceiveCount, status) => {
  const finding = await queueFinding(await aQueue(2), async () => ({ maxReceiveCount }), unaborted)
  expect(finding).toEqual({
    status,
    found: `https://sqs/jobs: 2 waiting, 0 in flight, 0 delayed; given up after ${maxReceiveCount} deliveries`,
    fix: status === 'ok' ? null : expect.stringContaining(FIX),
  })
})

test('the check of a queue without a dead-letter queue is a warning', async () => {
  expect(await queueFinding(await aQueue(0), async () => ({ maxReceiveCount: null }), unaborted)).toEqual({
    status: 'warn',
    found: 'https://sqs/jobs: 0 waiting, 0 in flight, 0 delayed; it has no dead-letter queue',
    fix: expect.stringContaining(FIX),
  })
})

test('the check of a queue whose settings cannot be read fails with the reason and the rights to check', async () => {
  const check = await checkQueue(await aQueue(0), () => Promise.reject(new Error('AccessDenied')), unaborted)
  expect(check).toEqual({
    ...{ name: 'queue', status: 'fail', found: 'AccessDenied' },
    fix: expect.stringContaining('the rights to receive from it and get its attributes'),
  })
})
