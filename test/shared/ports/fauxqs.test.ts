import { afterAll } from 'vitest'
import { capabilitiesContract } from './capabilities-contract.ts'
import { messageQueueContract } from './message-queue-contract.ts'
import { objectStoreContract } from './object-store-contract.ts'
import { openFauxqs } from './open-fauxqs.ts'

const fauxqs = await openFauxqs()
afterAll(() => fauxqs[Symbol.asyncDispose]())

objectStoreContract(() => fauxqs)
messageQueueContract(() => fauxqs)
capabilitiesContract(() => fauxqs)
