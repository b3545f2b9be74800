import { z } from 'zod'
import { DEFAULT_SIZES, type DefaultSize } from '../../shared/contracts/clip-size.ts'
import { MAX_JOBS } from '../../shared/contracts/manifest.ts'
import { METRICS_NAMESPACE } from '../../shared/contracts/metrics.ts'
import { modelIdSchema } from '../../shared/contracts/model-record.ts'
import { DEFAULT_WORK_LIMITS, MAX_JOB_WORK, type WorkLimits } from '../../shared/contracts/work-limits.ts'

const wholeText = (max: number, otherwise: number) =>
  z.coerce.number().int().min(1).max(max).default(otherwise)

const environmentSchema = z.object({
  SVD_METRICS_NAMESPACE: z.string().min(1).default(METRICS_NAMESPACE),
  SVD_INPUT_BUCKET: z.string().min(1),
  SVD_OUTPUT_BUCKET: z.string().min(1),
  SVD_MODELS_BUCKET: z.string().min(1),
  SVD_JOBS_QUEUE_URL: z.url(),
  SVD_MODEL_ID: modelIdSchema,
  SVD_DEFAULT_SIZE: z.enum(DEFAULT_SIZES).default('auto'),
  SVD_MAX_JOB_WORK: wholeText(MAX_JOB_WORK, DEFAULT_WORK_LIMITS.maxJobWork),
  SVD_MAX_MANIFEST_CLIPS: wholeText(MAX_JOBS, DEFAULT_WORK_LIMITS.maxManifestClips),
})

export interface IngestEnvironment {
  /** Namespace of the CloudWatch metrics. */
  readonly metricsNamespace: string
  readonly inputBucket: string
  readonly outputBucket: string
  readonly modelsBucket: string
  readonly jobsQueueUrl: string
  /** Which checkpoint renders what is uploaded. */
  readonly modelId: string
  /** Size of clips whose request gives neither size nor fit. */
  readonly defaultSize: DefaultSize
  /** The most that one job and one manifest may order. */
  readonly limits: WorkLimits
}

/** Throws a ZodError that names every variable that is absent or wrong. */
export const parseIngestEnvironment = (
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
    defaultSize: parsed.SVD_DEFAULT_SIZE,
    limits: { maxJobWork: parsed.SVD_MAX_JOB_WORK, maxManifestClips: parsed.SVD_MAX_MANIFEST_CLIPS },
  }
}
