import { afterAll } from 'vitest'
import { capabilitiesContract } from './capabilities-contract.ts'
import { messageQueueContract } from './message-queue-contract.ts'
import { objectStoreContract } from './object-store-contract.ts'
import { openPersistentEndpoint } from './open-persistent-endpoint.ts'

const endpoint = await openPersistentEndpoint()
afterAll(() => endpoint[Symbol.asyncDispose]())

objectStoreContract(() => endpoint)
messageQueueContract(() => endpoint)
capabilitiesContract(() => endpoint)
