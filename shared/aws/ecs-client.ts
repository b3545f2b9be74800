import { ECSClient, type ECSClientConfig } from '@aws-sdk/client-ecs'
import { transport } from './clients.ts'

/** `config` goes before the environment, which is that of `clients.ts`. */
export const openEcsClient = (config: ECSClientConfig = {}): ECSClient =>
  new ECSClient({ ...transport(), ...config })
