import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import {
  IMAGES_PREFIX,
  INDEX_COUNTS_KEY,
  INDEX_PREFIX,
  INPUTS_PREFIX,
  JOBS_PREFIX,
  MANIFESTS_PREFIX,
  MODELS_PREFIX,
  REPORTS_PREFIX,
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

/** Reads what is dropped; writes pictures, first statuses and entries of the index once, and its reports. */
export const ingestPermissions = ({ buckets, jobs, key }: IngestPlaces): readonly PolicyStatement[] => [
  mayRead(buckets.input, [IMAGES_PREFIX, MANIFESTS_PREFIX], ['s3:GetObject', 's3:GetObjectVersion']),
  mayRead(buckets.output, [INPUTS_PREFIX, JOBS_PREFIX, STATUS_PREFIX, REPORTS_PREFIX, INDEX_PREFIX]),
  mayRead(buckets.models, [MODELS_PREFIX]),
  mayTellWhatIsMissing(buckets.input, buckets.output, buckets.models),
  ...mayCreateInParts(buckets.output, [INPUTS_PREFIX]),
  mayCreate(buckets.output, [STATUS_PREFIX, ...(['queued', ...UPLOAD_KINDS] as const).map(indexFolder)]),
  mayDelete(buckets.output, UPLOAD_KINDS.map(indexFolder)),
  // On ten thousand jobs with dozens of videos each a report is large.
  mayWrite(buckets.output, [REPORTS_PREFIX, INDEX_COUNTS_KEY]),
  mayGiveUpParts(buckets.output, [REPORTS_PREFIX]),
  new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [jobs.queueArn] }),
  ...mayUseKey(key),
]
