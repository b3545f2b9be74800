import {
  type FilterRule,
  GetBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import type { Deployment } from './deploy-on-moto.ts'
import { logicalIdsOf } from './stack-template.ts'

/** A property of the template that the drive depends on: as moto has it, and how the test sets it where it is ignored. */
export interface Property {
  readonly of: string
  readonly isDeployed: boolean
}

const onlyId = ({ synthesized }: Deployment, type: string, prefix: string): string => {
  const found = logicalIdsOf(synthesized['svd-storage'], type).filter((id) => id.startsWith(prefix))
  if (found.length !== 1) throw new Error(`${found.length} resources of ${type} begin with ${prefix}`)
  return found[0]!
}

export const bucketOf = (deployment: Deployment, prefix: string): string =>
  deployment.physicalIdOf(onlyId(deployment, 'AWS::S3::Bucket', prefix))

export const dropsQueueUrl = (deployment: Deployment): string =>
  deployment.physicalIdOf(onlyId(deployment, 'AWS::SQS::Queue', 'DropsQueue'))

interface InputBucketProperties {
  readonly NotificationConfiguration: {
    readonly QueueConfigurations: readonly {
      readonly Event: string
      readonly Queue: unknown
      readonly Filter?: { readonly S3Key: { readonly Rules: FilterRule[] } }
    }[]
  }
  readonly VersioningConfiguration: { readonly Status: 'Enabled' }
}

/**
 * Sets on the input bucket what its template says and moto leaves out. Returns what was there before. S3 sends its test
 * event to the queue then, as it does on AWS when the bucket is made.
 */
export const completeInputBucket = async (deployment: Deployment): Promise<readonly Property[]> => {
  const { account, synthesized } = deployment
  const { s3, sqs } = account
  const id = onlyId(deployment, 'AWS::S3::Bucket', 'BucketsInput')
  const Bucket = deployment.physicalIdOf(id)
  const properties = synthesized['svd-storage'].Resources[id]?.Properties as unknown as InputBucketProperties
  const { QueueConfigurations } = properties.NotificationConfiguration
  const queue = QueueConfigurations[0]!.Queue as { readonly 'Fn::GetAtt': readonly string[] }
  const [queueId] = queue['Fn::GetAtt']
  const asked = new GetQueueAttributesCommand({
    QueueUrl: deployment.physicalIdOf(queueId ?? ''),
    AttributeNames: ['QueueArn'],
  })
  const { Attributes } = await sqs.send(asked)
  const versioning = await s3.send(new GetBucketVersioningCommand({ Bucket }))
  const notifications = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
  const found = [
    {
      of: 'input bucket: VersioningConfiguration',
      isDeployed: versioning.Status === properties.VersioningConfiguration.Status,
    },
    {
      of: 'input bucket: NotificationConfiguration',
      isDeployed: notifications.QueueConfigurations?.[0]?.QueueArn === Attributes?.['QueueArn'],
    },
  ]
  const { VersioningConfiguration } = properties
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  const configurations = QueueConfigurations.map(({ Event, Filter }) => ({
    Events: [Event as 's3:ObjectCreated:*'],
    QueueArn: Attributes?.['QueueArn'],
    ...(Filter !== undefined && { Filter: { Key: { FilterRules: Filter.S3Key.Rules } } }),
  }))
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: { QueueConfigurations: configurations },
    }),
  )
  return found
}
