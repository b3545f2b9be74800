import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { JOBS_PREFIX, probeKey, REJECTED_TAG } from '../../shared/contracts/bucket-layout.ts'
import { indexFolder } from '../../shared/contracts/index-entry.ts'
import { acknowledge } from '../acknowledge.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'

const PRIVATE = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  removalPolicy: RemovalPolicy.RETAIN,
} as const satisfies BucketProps

/** Parts of an upload that nobody finished cost like an object, and no listing shows them. */
const UNFINISHED: LifecycleRule = {
  id: 'unfinished-uploads',
  abortIncompleteMultipartUploadAfter: Duration.days(1),
}

/** An overwritten image is of use to nobody once ingest has normalised it. */
const OLD_VERSION_DAYS = 30

/** 0: never. */
const expireAfter = (days: number): readonly LifecycleRule[] =>
  days === 0 ? [] : [{ id: 'expire', expiration: Duration.days(days) }]

/** Long enough for people to look at what was rejected, and to find out why. */
const REJECTED_DAYS = 30

/** The tag alone tells a rejected clip: a rule's prefix cannot skip the job's id. */
const rejectedAfter = (outputDays: number): LifecycleRule => ({
  id: 'rejected-clips',
  prefix: JOBS_PREFIX,
  tagFilters: { [REJECTED_TAG.name]: REJECTED_TAG.value },
  expiration: Duration.days(outputDays === 0 ? REJECTED_DAYS : Math.min(REJECTED_DAYS, outputDays)),
})

/** Longest time for which SQS keeps a message, so that no worker leases a job after that. */
const LONGEST_RETENTION_DAYS = 14

/** Entries of jobs that a worker had: they say nothing once the job has ended. */
const beganAfter = (outputDays: number): LifecycleRule => ({
  id: 'jobs-in-work',
  prefix: indexFolder('changed'),
  expiration: Duration.days(
    outputDays === 0 ? LONGEST_RETENTION_DAYS : Math.min(LONGEST_RETENTION_DAYS, outputDays),
  ),
})

export interface BucketsProps {
  readonly config: Pick<DeploymentConfig, 'inputDays' | 'outputDays' | 'logDays'>
  /** Key that encrypts the objects; `null` for S3's own keys. */
  readonly key: IKey | null
}

/** All that outlives the pipeline. What lies where in them: shared/contracts/bucket-layout.ts. */
export class Buckets extends Construct {
  /** Who did what with the others, and what the network refused. */
  readonly logs: Bucket
  /** Keeps versions: a job is of the version that was dropped. */
  readonly input: Bucket
  readonly output: Bucket
  readonly models: Bucket

  constructor(scope: Construct, id: string, { config, key }: BucketsProps) {
    super(scope, id)
    this.logs = new Bucket(this, 'Logs', {
      ...PRIVATE,
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [UNFINISHED, ...expireAfter(config.logDays)],
    })
    acknowledge(this.logs, {
      'AwsSolutions-S1': 'It is where the access logs go; a log of its own would grow by itself.',
    })
    const logged = (name: string): BucketProps => ({
      ...PRIVATE,
      ...(key === null
        ? { encryption: BucketEncryption.S3_MANAGED }
        : // One call of KMS for many objects.
          { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }),
      serverAccessLogsBucket: this.logs,
      serverAccessLogsPrefix: `access/${name}/`,
    })
    this.input = new Bucket(this, 'Input', {
      ...logged('input'),
      versioned: true,
      lifecycleRules: [
        UNFINISHED,
        ...expireAfter(config.inputDays),
        {
          id: 'old-versions',
          noncurrentVersionExpiration: Duration.days(OLD_VERSION_DAYS),
          // S3 keeps a delete marker for ever, also when it has outlived the versions that it hides.
          expiredObjectDeleteMarker: true,
        },
      ],
    })
    this.output = new Bucket(this, 'Output', {
      ...logged('output'),
      lifecycleRules: [
        UNFINISHED,
        ...expireAfter(config.outputDays),
        rejectedAfter(config.outputDays),
        beganAfter(config.outputDays),
        // A worker may write its probe and not delete it.
        { id: 'probes', prefix: probeKey(''), expiration: Duration.days(1) },
      ],
    })
    this.models = new Bucket(this, 'Models', { ...logged('models'), lifecycleRules: [UNFINISHED] })
  }
}
