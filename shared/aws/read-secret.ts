import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { abortable } from './abortable.ts'

/**
 * Reads the text of a secret's current version. `secretId` is a name or an ARN. Needs `secretsmanager:GetSecretValue`, and
 * `kms:Decrypt` where a key of the account encrypts the secret. Throws for a binary secret.
 */
export const readSecret = (
  client: SecretsManagerClient,
  secretId: string,
  signal: AbortSignal,
): Promise<string> =>
  abortable(signal, async () => {
    const command = new GetSecretValueCommand({ SecretId: secretId })
    const { SecretString } = await client.send(command, { abortSignal: signal })
    if (SecretString !== undefined) return SecretString
    throw new Error(`secret ${secretId}: has no text; store it with --secret-string`)
  })
