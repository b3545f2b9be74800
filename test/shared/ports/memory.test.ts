import { capabilitiesContract } from './capabilities-contract.ts'
import { messageQueueContract } from './message-queue-contract.ts'
import { objectStoreContract } from './object-store-contract.ts'
import { openMemory } from './open-memory.ts'

const memory = await openMemory()

objectStoreContract(() => memory)
messageQueueContract(() => memory)
capabilitiesContract(() => memory)
