import { z } from 'zod'
import { METRICS_NAMESPACE } from '../../shared/contracts/metrics.ts'

const count = z
  .string()
  .regex(/^[1-9]\d{0,4}$/, 'must be a whole number from 1 to 99999')
  .transform(Number)

const environmentSchema = z.object({
  SVD_METRICS_NAMESPACE: z.string().min(1).default(METRICS_NAMESPACE),
  SVD_JOBS_QUEUE_URL: z.url(),
  SVD_OUTPUT_BUCKET: z.string().min(1),
  SVD_BATCH_JOB_QUEUE: z.string().min(1),
  SVD_BATCH_JOB_DEFINITION: z.string().min(1),
  SVD_CLIPS_PER_WORKER: count,
  SVD_MAX_WORKERS: count,
})

export interface DispatchEnvironment {
  /** Of CloudWatch. */
  readonly metricsNamespace: string
  readonly jobsQueueUrl: string
  readonly outputBucket: string
  /** Name or ARN. */
  readonly batchJobQueue: string
  /** Name, name and revision, or ARN. */
  readonly batchJobDefinition: string
  readonly clipsPerWorker: number
  readonly maxWorkers: number
}

/** Throws a ZodError that names every variable that is absent or wrong. */
export const parseEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): DispatchEnvironment => {
  const parsed = environmentSchema.parse(environment)
  return {
    metricsNamespace: parsed.SVD_METRICS_NAMESPACE,
    jobsQueueUrl: parsed.SVD_JOBS_QUEUE_URL,
    outputBucket: parsed.SVD_OUTPUT_BUCKET,
    batchJobQueue: parsed.SVD_BATCH_JOB_QUEUE,
    batchJobDefinition: parsed.SVD_BATCH_JOB_DEFINITION,
    clipsPerWorker: parsed.SVD_CLIPS_PER_WORKER,
    maxWorkers: parsed.SVD_MAX_WORKERS,
  }
}
