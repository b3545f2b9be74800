import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { openMemoryMessageQueue } from '../../fixtures/memory-message-queue.ts'
import { type MemoryObjectStore, openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import type { Implementation } from './implementation.ts'

export const openMemory = async (): Promise<Implementation> => {
  let nowMs = Date.UTC(2026, 0, 1)
  const now = () => nowMs
  const stores = new Map<ObjectStore, MemoryObjectStore>()
  return {
    name: 'memory',
    openStore: async ({ versioned = false } = {}) => {
      const store = openMemoryObjectStore({ now, versioned })
      stores.set(store, store)
      return store
    },
    readTags: async (store, key) => stores.get(store)?.tagsOf(key) ?? null,
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
