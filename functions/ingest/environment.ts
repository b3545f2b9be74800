import { z } from 'zod'
import { METRICS_NAMESPACE } from '../../shared/contracts/metrics.ts'
import { modelIdSchema } from '../../shared/contracts/model-record.ts'

const environmentSchema = z.object({
  SVD_METRICS_NAMESPACE: z.string().min(1).default(METRICS_NAMESPACE),
  SVD_INPUT_BUCKET: z.string().min(1),
  SVD_OUTPUT_BUCKET: z.string().min(1),
  SVD_MODELS_BUCKET: z.string().min(1),
  SVD_JOBS_QUEUE_URL: z.url(),
  SVD_MODEL_ID: modelIdSchema,
})

export interface IngestEnvironment {
  /** Of CloudWatch. */
  readonly metricsNamespace: string
  readonly inputBucket: string
  readonly outputBucket: string
  readonly modelsBucket: string
  readonly jobsQueueUrl: string
  /** Which checkpoint renders what is dropped. */
  readonly modelId: string
}

/** Throws a ZodError that names every variable that is absent or wrong. */
export const parseEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): IngestEnvironment => {
  const parsed = environmentSchema.parse(environment)
  return {
    metricsNamespace: parsed.SVD_METRICS_NAMESPACE,
    inputBucket: parsed.SVD_INPUT_BUCKET,
    outputBucket: parsed.SVD_OUTPUT_BUCKET,
    modelsBucket: parsed.SVD_MODELS_BUCKET,
    jobsQueueUrl: parsed.SVD_JOBS_QUEUE_URL,
    modelId: parsed.SVD_MODEL_ID,
  }
}
