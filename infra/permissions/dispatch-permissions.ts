import type { IJobDefinition, IJobQueue } from 'aws-cdk-lib/aws-batch'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import {
  DISPATCH_PAUSE_KEY,
  DISPATCH_STATE_KEY,
  modelRecordKey,
} from '../../shared/contracts/bucket-layout.ts'
import type { Buckets } from '../storage/buckets.ts'
import { mayRead, mayTellWhatIsMissing, mayUseKey, mayWrite } from './objects.ts'

export interface DispatchPlaces {
  readonly buckets: Buckets
  readonly jobs: IQueue
  readonly modelId: string
  /** `null`: the deployment has no workers on AWS Batch. */
  readonly batch: { readonly queue: IJobQueue; readonly job: IJobDefinition } | null
  /** `null`: the deployment has no workers on ECS. */
  readonly ecs: { readonly serviceArn: string } | null
  readonly key: IKey | null
}

const batchPermissions = ({
  queue,
  job,
}: NonNullable<DispatchPlaces['batch']>): readonly PolicyStatement[] => [
  new PolicyStatement({
    actions: ['batch:SubmitJob'],
    resources: [queue.jobQueueArn, job.jobDefinitionArn],
  }),
  // They know no resources.
  new PolicyStatement({ actions: ['batch:DescribeJobs', 'batch:ListJobs'], resources: ['*'] }),
]

/**
 * Both actions have the service as their resource.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
 */
const ecsPermissions = ({ serviceArn }: NonNullable<DispatchPlaces['ecs']>): PolicyStatement =>
  new PolicyStatement({ actions: ['ecs:DescribeServices', 'ecs:UpdateService'], resources: [serviceArn] })

/**
 * Counts messages and never sees one; starts workers of one definition, in one queue, and sets the count of one service;
 * looks whether the model's record is there.
 */
export const dispatchPermissions = (places: DispatchPlaces): readonly PolicyStatement[] => {
  const { buckets, jobs, modelId, batch, ecs, key } = places
  return [
    new PolicyStatement({ actions: ['sqs:GetQueueAttributes'], resources: [jobs.queueArn] }),
    ...(batch === null ? [] : batchPermissions(batch)),
    ...(ecs === null ? [] : [ecsPermissions(ecs)]),
    mayRead(buckets.output, [DISPATCH_STATE_KEY]),
    // Also without a budget: one that was there in the morning may have to be taken back.
    mayWrite(buckets.output, [DISPATCH_STATE_KEY, DISPATCH_PAUSE_KEY]),
    mayRead(buckets.models, [modelRecordKey(modelId)]),
    mayTellWhatIsMissing(buckets.output, buckets.models),
    ...mayUseKey(key),
  ]
}
