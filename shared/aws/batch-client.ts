import { BatchClient, type BatchClientConfig } from '@aws-sdk/client-batch'
import { transport } from './clients.ts'

/** `config` goes before the environment, which is that of `clients.ts`. */
export const openBatchClient = (config: BatchClientConfig = {}): BatchClient =>
  new BatchClient({ ...transport(), ...config })

/** For requests that must not be made twice: whose answer is lost is not tried again. */
export const openBatchClientThatTriesOnce = (config: BatchClientConfig = {}): BatchClient =>
  openBatchClient({ ...config, maxAttempts: 1 })
