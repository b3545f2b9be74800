import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import {
  CANCEL_PREFIX,
  failuresFolder,
  IMAGES_PREFIX,
  INDEX_COUNTS_KEY,
  INDEX_PREFIX,
  INPUTS_PREFIX,
  JOBS_PREFIX,
  MANIFESTS_PREFIX,
  MODELS_PREFIX,
  ORDERS_PREFIX,
  REPORTS_PREFIX,
  resultKey,
  STATUS_PREFIX,
} from '../../shared/contracts/bucket-layout.ts'
import { indexFolder, UPLOAD_KINDS } from '../../shared/contracts/index-entry.ts'
import type { Buckets } from '../storage/buckets.ts'
import {
  mayCreate,
  mayCreateInParts,
  mayDelete,
  mayGiveUpParts,
  mayRead,
  mayTellWhatIsMissing,
  mayUseKey,
  mayWrite,
} from './objects.ts'

export interface IngestPlaces {
  readonly buckets: Buckets
  readonly jobs: IQueue
  readonly key: IKey | null
}

/**
 * Reads what is uploaded. Writes images, first statuses and entries of the index once, its reports and its orders. Asks
 * workers to stop jobs that no report names any more; takes that back, with the result that came of it, where such a job
 * is ordered again.
 */
export const ingestPermissions = ({ buckets, jobs, key }: IngestPlaces): readonly PolicyStatement[] => [
  mayRead(buckets.input, [IMAGES_PREFIX, MANIFESTS_PREFIX], ['s3:GetObject', 's3:GetObjectVersion']),
  mayRead(buckets.output, [
    ...[INPUTS_PREFIX, JOBS_PREFIX, STATUS_PREFIX, REPORTS_PREFIX],
    ...[CANCEL_PREFIX, ORDERS_PREFIX, INDEX_PREFIX],
  ]),
  mayRead(buckets.models, [MODELS_PREFIX]),
  mayTellWhatIsMissing(buckets.input, buckets.output, buckets.models),
  ...mayCreateInParts(buckets.output, [INPUTS_PREFIX]),
  // The star stands for a job's id.
  mayCreate(buckets.output, [
    ...[STATUS_PREFIX, CANCEL_PREFIX, failuresFolder('*')],
    ...(['queued', 'changed', ...UPLOAD_KINDS] as const).map(indexFolder),
  ]),
  mayDelete(buckets.output, [
    ...[CANCEL_PREFIX, resultKey('*')],
    ...(['cancelled', ...UPLOAD_KINDS] as const).map(indexFolder),
  ]),
  // On ten thousand jobs with dozens of videos each a report is large.
  mayWrite(buckets.output, [REPORTS_PREFIX, ORDERS_PREFIX, INDEX_COUNTS_KEY]),
  mayGiveUpParts(buckets.output, [REPORTS_PREFIX]),
  new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [jobs.queueArn] }),
  ...mayUseKey(key),
]
