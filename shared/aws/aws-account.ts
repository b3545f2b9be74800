import { HeadBucketCommand } from '@aws-sdk/client-s3'
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  NoSuchResourceException,
  ServiceQuotasClient,
  type ServiceQuotasClientConfig,
} from '@aws-sdk/client-service-quotas'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { AwsAccount } from '../ports/aws-account.ts'
import { abortable } from './abortable.ts'
import { answered } from './answered.ts'
import { openS3Client, transport } from './clients.ts'

export type AccountConfig = Pick<ServiceQuotasClientConfig, 'endpoint' | 'region' | 'credentials'>

/** Returns what `read` finds; `null` if the service has no such resource or value. */
const ifThere = async (read: () => Promise<number | undefined>): Promise<number | null> => {
  try {
    return (await read()) ?? null
  } catch (error) {
    if (error instanceof NoSuchResourceException) return null
    throw error
  }
}

/** `config` goes before the standard AWS environment. Disposed of, its connections are closed. */
export const openAwsAccount = (config: AccountConfig = {}): AwsAccount => {
  const sts = new STSClient({ ...transport(), ...config })
  const quotas = new ServiceQuotasClient({ ...transport(), ...config })
  const s3 = openS3Client(config)
  return {
    region: () => sts.config.region(),

    identity: (signal) =>
      abortable(signal, async () => {
        const { Account, Arn } = await sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal })
        return { accountId: answered(Account, 'Account'), arn: answered(Arn, 'Arn') }
      }),

    ec2Quota: (code, signal) =>
      abortable(signal, async () => {
        const asked = { ServiceCode: 'ec2', QuotaCode: code }
        const abort = { abortSignal: signal }
        // An account that never asked for more may have no value of its own, only AWS's default.
        const applied = await ifThere(
          async () => (await quotas.send(new GetServiceQuotaCommand(asked), abort)).Quota?.Value,
        )
        if (applied !== null) return applied
        return await ifThere(
          async () => (await quotas.send(new GetAWSDefaultServiceQuotaCommand(asked), abort)).Quota?.Value,
        )
      }),

    seeBucket: (name, signal) =>
      abortable(signal, async () => {
        await s3.send(new HeadBucketCommand({ Bucket: name }), { abortSignal: signal })
      }),

    async [Symbol.asyncDispose]() {
      for (const client of [sts, quotas, s3]) client.destroy()
    },
  }
}
