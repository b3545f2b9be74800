import { afterAll, describe } from 'vitest'
import { capabilitiesContract } from './capabilities-contract.ts'
import { messageQueueContract } from './message-queue-contract.ts'
import { objectStoreContract } from './object-store-contract.ts'
import { openMoto } from './open-moto.ts'

const moto = await openMoto()
afterAll(() => moto?.[Symbol.asyncDispose]())

const title = `on moto${moto === null ? ' (skipped: neither SVD_PYTHON nor the PATH has moto’s server)' : ''}`
describe.skipIf(moto === null)(title, () => {
  const open = () => {
    if (moto === null) throw new Error('skipped')
    return moto
  }
  objectStoreContract(open)
  messageQueueContract(open)
  capabilitiesContract(open)
})
