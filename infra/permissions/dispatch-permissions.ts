import type { IJobDefinition, IJobQueue } from 'aws-cdk-lib/aws-batch'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { DISPATCH_STATE_KEY } from '../../shared/contracts/bucket-layout.ts'
import type { Buckets } from '../storage/buckets.ts'
import { mayRead, mayTellWhatIsMissing, mayUseKey, mayWrite } from './objects.ts'

export interface DispatchPlaces {
  readonly buckets: Buckets
  readonly jobs: IQueue
  readonly batchQueue: IJobQueue
  readonly batchJob: IJobDefinition
  readonly key: IKey | null
}

/** Counts messages and never sees one; starts workers of one definition, in one queue. */
export const dispatchPermissions = (places: DispatchPlaces): readonly PolicyStatement[] => {
  const { buckets, jobs, batchQueue, batchJob, key } = places
  return [
    new PolicyStatement({ actions: ['sqs:GetQueueAttributes'], resources: [jobs.queueArn] }),
    new PolicyStatement({
      actions: ['batch:SubmitJob'],
      resources: [batchQueue.jobQueueArn, batchJob.jobDefinitionArn],
    }),
    // They know no resources.
    new PolicyStatement({ actions: ['batch:DescribeJobs', 'batch:ListJobs'], resources: ['*'] }),
    mayRead(buckets.output, [DISPATCH_STATE_KEY]),
    mayWrite(buckets.output, [DISPATCH_STATE_KEY]),
    mayTellWhatIsMissing(buckets.output),
    ...mayUseKey(key),
  ]
}
