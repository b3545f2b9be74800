import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchesOf, bodyBytes, type IndexedMessage } from '../../../shared/aws/sqs-batches.ts'
import { MAX_BATCH_BYTES, MAX_BATCH_MESSAGES } from '../../../shared/ports/message-queue.ts'

const bytesOf = (batch: readonly IndexedMessage[]): number =>
  batch.reduce((sum, message) => sum + bodyBytes(message), 0)

test('batches keep the order of messages and are as full as the SQS limits allow', () => {
  const sizes = fc.array(
    fc.integer({ min: 1, max: MAX_BATCH_BYTES }).map((n) => (n % 3 === 0 ? n : n % 9000)),
  )
  fc.assert(
    fc.property(sizes, (bodySizes) => {
      const messages = bodySizes.map((size, index) => ({ index, body: 'x'.repeat(size), groupId: 'g' }))

      const batches = batchesOf(messages)

      expect(batches.flat()).toEqual(messages)
      for (const [place, batch] of batches.entries()) {
        expect(batch.length).toBeLessThanOrEqual(MAX_BATCH_MESSAGES)
        expect(bytesOf(batch)).toBeLessThanOrEqual(MAX_BATCH_BYTES)
        const [next] = batches[place + 1] ?? []
        const full =
          next === undefined ||
          batch.length === MAX_BATCH_MESSAGES ||
          bytesOf(batch) + bodyBytes(next) > MAX_BATCH_BYTES
        expect(full).toBe(true)
      }
    }),
  )
})

test('the size of a message is counted in UTF-8 bytes', () => {
  expect(bodyBytes({ body: 'é😀', groupId: 'g' })).toBe(6)
})
