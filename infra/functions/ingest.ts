import type { IKey } from 'aws-cdk-lib/aws-kms'
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { INGEST_TIMEOUT_SECONDS } from '../../functions/ingest/event-times.ts'
import { metricsNamespaceOf } from '../../shared/contracts/metrics.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import { ingestPermissions } from '../permissions/ingest-permissions.ts'
import type { QueueWithDeadLetters } from '../queues/queue-with-dead-letters.ts'
import type { Buckets } from '../storage/buckets.ts'
import { INGEST_BUNDLE } from './bundles.ts'
import { INGEST_BATCH, INGEST_MEMORY_MIB } from './ingest-limits.ts'
import { TracedFunction } from './traced-function.ts'

export interface IngestProps {
  readonly config: DeploymentConfig
  readonly buckets: Buckets
  readonly drops: QueueWithDeadLetters
  readonly jobs: IQueue
  readonly key: IKey | null
}

/** Drops become jobs: the queue of drops, the function that looks at each, the queue of jobs. */
export class Ingest extends Construct {
  readonly ingest: TracedFunction

  constructor(scope: Construct, id: string, { config, buckets, drops, jobs, key }: IngestProps) {
    super(scope, id)
    this.ingest = new TracedFunction(this, 'Ingest', {
      bundle: INGEST_BUNDLE,
      description: 'svd-batch: dropped pictures and manifests become jobs',
      environment: {
        SVD_METRICS_NAMESPACE: metricsNamespaceOf(config.name),
        SVD_INPUT_BUCKET: buckets.input.bucketName,
        SVD_OUTPUT_BUCKET: buckets.output.bucketName,
        SVD_MODELS_BUCKET: buckets.models.bucketName,
        SVD_JOBS_QUEUE_URL: jobs.queueUrl,
        SVD_MODEL_ID: config.modelId,
        SVD_DEFAULT_SIZE: config.defaultSize,
        SVD_MAX_JOB_WORK: `${config.maxJobWork}`,
        SVD_MAX_MANIFEST_CLIPS: `${config.maxManifestClips}`,
        // libvips takes and gives back large blocks from many threads; with more arenas glibc keeps most of them.
        MALLOC_ARENA_MAX: '2',
      },
      permissions: ingestPermissions({ buckets, jobs, key }),
      buckets: [buckets.input, buckets.output, buckets.models],
      timeoutSeconds: INGEST_TIMEOUT_SECONDS,
      memoryMib: INGEST_MEMORY_MIB,
      logDays: config.logDays,
      reservedConcurrency: config.ingestReservedConcurrency,
      acknowledged: {
        'Serverless-LambdaDLQ': 'A queue feeds it, and has dead letters of its own.',
        'Serverless-LambdaEventSourceMappingDestination':
          'The same: SQS takes no other place for what failed.',
      },
    })
    this.ingest.function.addEventSource(
      new SqsEventSource(drops.queue, {
        batchSize: INGEST_BATCH,
        reportBatchItemFailures: true,
        maxConcurrency: config.ingestConcurrency,
      }),
    )
  }
}
