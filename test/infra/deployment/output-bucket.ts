import {
  type FilterRule,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import type { Property } from './bucket-properties.ts'
import type { Deployment } from './deploy-on-moto.ts'
import { logicalIdsOf } from './stack-template.ts'

const idOf = ({ synthesized }: Deployment, type: string, prefix: string): string => {
  const found = logicalIdsOf(synthesized['svd-storage'], type).find((id) => id.startsWith(prefix))
  if (found === undefined) throw new Error(`no resource of ${type} begins with ${prefix}`)
  return found
}

export const recordsQueueUrl = (deployment: Deployment): string =>
  deployment.physicalIdOf(idOf(deployment, 'AWS::SQS::Queue', 'RecordsQueue'))

interface OutputBucketProperties {
  readonly NotificationConfiguration: {
    readonly QueueConfigurations: readonly {
      readonly Event: string
      readonly Filter: {
        readonly S3Key: { readonly Rules: readonly { readonly Name: string; readonly Value: string }[] }
      }
    }[]
  }
}

/** Sets the notifications of the template on the output bucket, which moto leaves out. Returns what was there before. */
export const completeOutputBucket = async (deployment: Deployment): Promise<readonly Property[]> => {
  const { account, synthesized } = deployment
  const id = idOf(deployment, 'AWS::S3::Bucket', 'BucketsOutput')
  const Bucket = deployment.physicalIdOf(id)
  const properties = synthesized['svd-storage'].Resources[id]?.Properties as unknown as OutputBucketProperties
  const asked = new GetQueueAttributesCommand({
    QueueUrl: recordsQueueUrl(deployment),
    AttributeNames: ['QueueArn'],
  })
  const { Attributes } = await account.sqs.send(asked)
  const QueueArn = Attributes?.['QueueArn']
  const before = await account.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
  const QueueConfigurations = properties.NotificationConfiguration.QueueConfigurations.map(
    ({ Event, Filter }) => ({
      Events: [Event as 's3:ObjectCreated:*'],
      QueueArn,
      Filter: {
        Key: {
          FilterRules: Filter.S3Key.Rules.map(({ Name, Value }) => ({ Name, Value }) as FilterRule),
        },
      },
    }),
  )
  const NotificationConfiguration = { QueueConfigurations }
  await account.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }))
  return [
    {
      of: 'output bucket: NotificationConfiguration',
      isDeployed: before.QueueConfigurations?.[0]?.QueueArn === QueueArn,
    },
  ]
}
