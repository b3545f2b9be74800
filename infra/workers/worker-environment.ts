import { Aws } from 'aws-cdk-lib'
import { modelFolder } from '../../shared/contracts/bucket-layout.ts'
import { metricsNamespaceOf } from '../../shared/contracts/metrics.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import type { WorkerPlaces } from '../permissions/worker-permissions.ts'

/**
 * Environment variables that tell a worker where its jobs come from and go to, wherever it runs:
 * worker/cli/worker/settings.ts. Its folders and tools are the image's own.
 */
export const workerEnvironment = (
  { buckets, jobs }: Pick<WorkerPlaces, 'buckets' | 'jobs'>,
  {
    name,
    modelId,
    device,
    qualityChecks,
  }: Pick<DeploymentConfig, 'name' | 'modelId' | 'device' | 'qualityChecks'>,
): Record<string, string> => ({
  // ECS tells it to tasks on Fargate only.
  AWS_REGION: Aws.REGION,
  // Never `auto`: on the CPU a clip of a full-size model takes hours, so that a machine whose GPU cannot be used has to
  // fail at once.
  SVD_DEVICE: device,
  SVD_MODEL: `s3://${buckets.models.bucketName}/${modelFolder(modelId)}`,
  SVD_OUTPUT_BUCKET: buckets.output.bucketName,
  SVD_JOBS_QUEUE_URL: jobs.queue.queueUrl,
  SVD_DEAD_LETTER_QUEUE_URL: jobs.deadLetters.queueUrl,
  ...(qualityChecks.length > 0 && { SVD_QUALITY_CHECKS: qualityChecks.join(',') }),
  SVD_METRICS: '1',
  SVD_METRICS_NAMESPACE: metricsNamespaceOf(name),
  SVD_PAUSE: '1',
  SVD_SPOT: '1',
  SVD_USD_PER_HOUR: 'auto',
})
