import { afterAll } from 'vitest'
import { capabilitiesContract } from './capabilities-contract.ts'
import { messageQueueContract } from './message-queue-contract.ts'
import { objectStoreContract } from './object-store-contract.ts'
import { openKeptEndpoint } from './open-persistent-endpoint.ts'

const kept = await openKeptEndpoint()
afterAll(() => kept[Symbol.asyncDispose]())

objectStoreContract(() => kept)
messageQueueContract(() => kept)
capabilitiesContract(() => kept)
