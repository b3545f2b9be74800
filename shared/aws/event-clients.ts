import { EventBridgeClient, type EventBridgeClientConfig } from '@aws-sdk/client-eventbridge'
import { SecretsManagerClient, type SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager'
import { SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns'
import { transport } from './clients.ts'

/* `config` takes precedence over the environment, which is that of `clients.ts`. */

export const openEventBridgeClient = (config: EventBridgeClientConfig = {}): EventBridgeClient =>
  new EventBridgeClient({ ...transport(), ...config })

export const openSnsClient = (config: SNSClientConfig = {}): SNSClient =>
  new SNSClient({ ...transport(), ...config })

export const openSecretsManagerClient = (config: SecretsManagerClientConfig = {}): SecretsManagerClient =>
  new SecretsManagerClient({ ...transport(), ...config })
