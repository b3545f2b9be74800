import { openMemoryMessageQueue } from '../../fixtures/memory-message-queue.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import type { Implementation } from './implementation.ts'

export const openMemory = async (): Promise<Implementation> => {
  let nowMs = Date.UTC(2026, 0, 1)
  const now = () => nowMs
  return {
    name: 'memory',
    openStore: async ({ versioned = false } = {}) => openMemoryObjectStore({ now, versioned }),
    openQueues: async ({ maxReceiveCount = 3 } = {}) => {
      const deadLetters = openMemoryMessageQueue({ url: 'memory:dead-letters', now })
      return {
        queue: openMemoryMessageQueue({ now, redrive: { deadLetters, maxReceiveCount } }),
        deadLetters,
      }
    },
    receiveAfter: async (afterSeconds, queue, options) => {
      nowMs += afterSeconds * 1000
      return queue.receive({ ...options, waitSeconds: 0 }, unaborted)
    },
    endpoint: null,
    [Symbol.asyncDispose]: async () => {},
  }
}
