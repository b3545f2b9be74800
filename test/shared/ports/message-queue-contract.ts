import { describe, expect, test } from 'vitest'
import {
  LeaseLostError,
  MAX_BATCH_BYTES,
  type MessageQueue,
  type ReceivedMessage,
} from '../../../shared/ports/message-queue.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import type { Implementation } from './implementation.ts'

const aMessage = (body: string) => ({ body, groupId: 'a-batch' })
const NOW = { maxMessages: 10, waitSeconds: 0, visibilitySeconds: 600 }

/** The contract of every implementation. Differences are in message-queue-capabilities.ts. */
export const messageQueueContract = (open: () => Implementation): void => {
  const receiveOne = async (
    queue: MessageQueue,
    visibilitySeconds = NOW.visibilitySeconds,
  ): Promise<ReceivedMessage> => {
    const [message] = await queue.receive({ ...NOW, maxMessages: 1, visibilitySeconds }, unaborted)
    if (message === undefined) throw new Error('nothing to receive')
    return message
  }

  const aQueueWith = async (...bodies: readonly string[]): Promise<MessageQueue> => {
    const { queue } = await open().openQueues({ maxReceiveCount: 10 })
    expect(await queue.send(bodies.map(aMessage), unaborted)).toEqual([])
    return queue
  }

  /** Receives all messages and hides them for ten minutes. */
  const receiveAll = async (queue: MessageQueue): Promise<readonly ReceivedMessage[]> => {
    const all: ReceivedMessage[] = []
    for (;;) {
      const some = await queue.receive(NOW, unaborted)
      if (some.length === 0) return all
      all.push(...some)
    }
  }

  describe('a message queue', () => {
    test('delivers a sent message', async () => {
      const queue = await aQueueWith('{"job":1}')

      const message = await receiveOne(queue)

      expect(message).toMatchObject({ body: '{"job":1}', receiveCount: 1 })
      expect(message.messageId).not.toBe('')
      expect(message.sentAt.getTime()).toBeGreaterThan(Date.UTC(2025, 0, 1))
    })

    test('sends more messages than a batch takes', async () => {
      const bodies = Array.from({ length: 23 }, (_, i) => `message ${i}`)
      const queue = await aQueueWith(...bodies)

      const received = await receiveAll(queue)

      expect(received.map(({ body }) => body).sort()).toEqual(bodies.toSorted())
      expect(new Set(received.map(({ messageId }) => messageId)).size).toBe(23)
    })

    test('sends more bytes than a batch takes', async () => {
      // In UTF-8, not in characters, they do not fit together.
      const bodies = ['é', 'ü', 'ö', 'å'].map((letter) => letter.repeat(200_000))
      const queue = await aQueueWith(...bodies)
      const received = await receiveAll(queue)
      expect(received.map(({ body }) => body.slice(0, 1)).sort()).toEqual(['å', 'é', 'ö', 'ü'].sort())
    })

    test('accepts a body of 1 MiB, names one that is a byte larger, and sends the others', async () => {
      const { queue } = await open().openQueues()
      const largest = 'x'.repeat(MAX_BATCH_BYTES)

      const refused = await queue.send(
        [aMessage('before'), aMessage(`${largest}x`), aMessage(largest), aMessage('after')],
        unaborted,
      )

      expect(refused).toEqual([{ index: 1, reason: expect.stringContaining('1048577 bytes') }])
      const received = await receiveAll(queue)
      expect(received.map(({ body }) => body.length).sort()).toEqual([MAX_BATCH_BYTES, 5, 6].sort())
    })

    test('sends nothing for an empty list', async () => {
      const queue = await aQueueWith()
      expect(await receiveAll(queue)).toEqual([])
    })

    test('receives at most as many messages as requested', async () => {
      const queue = await aQueueWith('a', 'b', 'c')
      expect(await queue.receive({ ...NOW, maxMessages: 2 }, unaborted)).toHaveLength(2)
    })

    test('hides a message in flight, and delivers it again after its visibility timeout', async () => {
      const queue = await aQueueWith('a')
      const first = await receiveOne(queue, 1)
      expect(await queue.receive(NOW, unaborted)).toEqual([])

      const [second] = await open().receiveAfter(1, queue, NOW)

      expect(second).toMatchObject({ messageId: first.messageId, body: 'a', receiveCount: 2 })
      expect(second?.receiptHandle).not.toBe(first.receiptHandle)
      expect(second?.sentAt).toEqual(first.sentAt)
    })

    test('keeps an extended message hidden and a removed message deleted', async () => {
      const queue = await aQueueWith('extended', 'removed', 'left alone')
      const received = await queue.receive({ ...NOW, visibilitySeconds: 1 }, unaborted)
      const receiptOf = (body: string) =>
        received.find((message) => message.body === body)?.receiptHandle ?? ''

      await queue.setVisibility(receiptOf('extended'), 600, unaborted)
      await queue.remove(receiptOf('removed'), unaborted)

      // All three were due at the same time.
      const again = await open().receiveAfter(1, queue, NOW)
      expect(again.map(({ body }) => body)).toEqual(['left alone'])
      expect(await queue.depth(unaborted)).toEqual({ visible: 0, inFlight: 2, delayed: 0 })
    })

    test('delivers a message at once after its visibility timeout is set to 0', async () => {
      const queue = await aQueueWith('a')
      const { receiptHandle, messageId } = await receiveOne(queue)

      await queue.setVisibility(receiptHandle, 0, unaborted)

      expect(await receiveOne(queue)).toMatchObject({ messageId, receiveCount: 2 })
    })

    test('moves a message to the dead-letter queue when it was received too often', async () => {
      const { queue, deadLetters } = await open().openQueues({ maxReceiveCount: 2 })
      await queue.send([aMessage('poison')], unaborted)
      const sent = await receiveOne(queue)
      await queue.setVisibility(sent.receiptHandle, 0, unaborted)
      await queue.setVisibility((await receiveOne(queue)).receiptHandle, 0, unaborted)
      expect(await deadLetters.receive(NOW, unaborted)).toEqual([])

      expect(await queue.receive(NOW, unaborted)).toEqual([])

      const { messageId, body } = await receiveOne(deadLetters)
      expect({ messageId, body }).toEqual({ messageId: sent.messageId, body: 'poison' })
      expect(await queue.depth(unaborted)).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
    })

    test('reports a lost lease for the heartbeat of a removed message, and no error for its removal', async () => {
      const queue = await aQueueWith('a')
      const { receiptHandle } = await receiveOne(queue)
      await queue.remove(receiptHandle, unaborted)

      await expect(queue.setVisibility(receiptHandle, 60, unaborted)).rejects.toThrow(LeaseLostError)
      await queue.remove(receiptHandle, unaborted)
    })

    test('reports no error for the removal by an outdated receipt handle', async () => {
      const queue = await aQueueWith('a')
      const { receiptHandle } = await receiveOne(queue)
      await queue.setVisibility(receiptHandle, 0, unaborted)
      await receiveOne(queue)

      await queue.remove(receiptHandle, unaborted)
    })

    test('counts visible messages and messages in flight', async () => {
      const queue = await aQueueWith('a', 'b', 'c')
      await receiveOne(queue)
      expect(await queue.depth(unaborted)).toEqual({ visible: 2, inFlight: 1, delayed: 0 })
    })

    test('fails every call with the reason of an aborted signal', async () => {
      const queue = await aQueueWith('a')
      const reason = new Error('draining')
      const signal = AbortSignal.abort(reason)
      const calls = [
        ...[queue.send([aMessage('b')], signal), queue.receive(NOW, signal), queue.depth(signal)],
        ...[queue.remove('a receipt', signal), queue.setVisibility('a receipt', 1, signal)],
      ]
      for (const call of calls) await expect(call).rejects.toBe(reason)
      expect(await queue.depth(unaborted)).toMatchObject({ visible: 1, inFlight: 0 })
    })
  })
}
