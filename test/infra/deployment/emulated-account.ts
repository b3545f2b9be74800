import { BatchClient } from '@aws-sdk/client-batch'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { ECSClient } from '@aws-sdk/client-ecs'
import { LambdaClient } from '@aws-sdk/client-lambda'
import type { S3Client } from '@aws-sdk/client-s3'
import type { SQSClient } from '@aws-sdk/client-sqs'
import { openS3Client, openSqsClient } from '../../../shared/aws/clients.ts'
import { startMoto } from '../../shared/ports/open-moto.ts'

const REGION = 'us-east-1'
const KEYS = { accessKeyId: 'test', secretAccessKey: 'test' }

/** An AWS account on moto's server, on a port of the loopback interface. */
export interface EmulatedAccount extends AsyncDisposable {
  /** The environment with which a program reaches this account alone. */
  readonly environment: Readonly<Record<string, string>>
  readonly cloudFormation: CloudFormationClient
  readonly lambda: LambdaClient
  readonly batch: BatchClient
  readonly ecs: ECSClient
  readonly s3: S3Client
  readonly sqs: SQSClient
}

/** Configures moto to run no functions and jobs. By default it runs them in Docker. */
const runNothing = async (url: string): Promise<void> => {
  const body = JSON.stringify({ batch: { use_docker: false }, lambda: { use_docker: false } })
  const { ok, status } = await fetch(`${url}/moto-api/config`, { method: 'POST', body })
  if (!ok) throw new Error(`moto does not take its configuration: HTTP ${status}`)
}

/** Opens an account on moto; `null` if moto is not installed, see `startMoto`. */
export const openEmulatedAccount = async (): Promise<EmulatedAccount | null> => {
  const moto = await startMoto()
  if (moto === null) return null
  await runNothing(moto.url)
  const config = { endpoint: moto.url, region: REGION, credentials: KEYS, maxAttempts: 1 }
  const clients = {
    cloudFormation: new CloudFormationClient(config),
    lambda: new LambdaClient(config),
    batch: new BatchClient(config),
    ecs: new ECSClient(config),
    s3: openS3Client(config),
    sqs: openSqsClient(config),
  }
  return {
    ...clients,
    environment: {
      AWS_ENDPOINT_URL: moto.url,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_CONFIG_FILE: '/nowhere',
      AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
      AWS_EC2_METADATA_DISABLED: 'true',
      // A second attempt would fail, because the stack of the first one exists.
      AWS_MAX_ATTEMPTS: '1',
    },
    async [Symbol.asyncDispose]() {
      for (const client of Object.values(clients)) client.destroy()
      await moto.stop()
    },
  }
}
