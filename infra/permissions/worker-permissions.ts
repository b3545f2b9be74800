import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  CANCEL_PREFIX,
  DISPATCH_PAUSE_KEY,
  INDEX_COUNTS_KEY,
  INDEX_PREFIX,
  INPUTS_PREFIX,
  JOBS_PREFIX,
  MODELS_PREFIX,
  probeKey,
  REPORTS_PREFIX,
  rejectedFolder,
  STATUS_PREFIX,
} from '../../shared/contracts/bucket-layout.ts'
import { ENDED_KINDS, indexFolder } from '../../shared/contracts/index-entry.ts'
import type { QueueWithDeadLetters } from '../queues/queue-with-dead-letters.ts'
import type { Buckets } from '../storage/buckets.ts'
import {
  mayCreate,
  mayCreateInParts,
  mayRead,
  mayTag,
  mayTellWhatIsMissing,
  mayUseKey,
  mayWrite,
} from './objects.ts'

export interface WorkerPlaces {
  readonly buckets: Buckets
  readonly jobs: QueueWithDeadLetters
  readonly key: IKey | null
}

const PROBES_PREFIX = probeKey('')

/**
 * Permissions of a worker, which creates outputs only where no object exists, and deletes no object. It sends a job
 * whose attempts are spent to the dead-letter queue, and removes dead-letter messages of jobs that succeeded or were
 * cancelled.
 */
export const workerPermissions = ({ buckets, jobs, key }: WorkerPlaces): readonly PolicyStatement[] => [
  mayRead(buckets.output, [
    ...[INPUTS_PREFIX, JOBS_PREFIX, STATUS_PREFIX, CANCEL_PREFIX, PROBES_PREFIX, INDEX_PREFIX],
    DISPATCH_PAUSE_KEY,
  ]),
  mayRead(buckets.models, [MODELS_PREFIX]),
  mayTellWhatIsMissing(buckets.output, buckets.models),
  ...mayCreateInParts(buckets.output, [JOBS_PREFIX]),
  // The star stands for a job's id. With this right elsewhere, a worker could make outputs expire.
  mayTag(buckets.output, [rejectedFolder('*')]),
  mayCreate(buckets.output, [
    ...[REPORTS_PREFIX, PROBES_PREFIX],
    ...(['changed', ...ENDED_KINDS] as const).map(indexFolder),
  ]),
  mayWrite(buckets.output, [STATUS_PREFIX, INDEX_COUNTS_KEY]),
  new PolicyStatement({
    actions: [
      'sqs:ReceiveMessage',
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
    ],
    resources: [jobs.queue.queueArn],
  }),
  new PolicyStatement({
    actions: ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage'],
    resources: [jobs.deadLetters.queueArn],
  }),
  ...mayUseKey(key),
]
