import { z } from 'zod'
import { METRICS_NAMESPACE } from '../../shared/contracts/metrics.ts'

const count = z
  .string()
  .regex(/^[1-9]\d{0,4}$/, 'must be a whole number from 1 to 99999')
  .transform(Number)

const usd = z
  .string()
  .regex(/^\d{1,7}(\.\d+)?$/, 'must be US dollars, such as 20 or 1.861')
  .transform(Number)

const name = z.string().min(1)

const environmentSchema = z
  .object({
    SVD_METRICS_NAMESPACE: name.default(METRICS_NAMESPACE),
    SVD_JOBS_QUEUE_URL: z.url(),
    SVD_OUTPUT_BUCKET: name,
    SVD_MODELS_BUCKET: name,
    SVD_MODEL_ID: name,
    SVD_BATCH_JOB_QUEUE: name.optional(),
    SVD_BATCH_JOB_DEFINITION: name.optional(),
    SVD_BATCH_USD_PER_HOUR: usd.optional(),
    SVD_ECS_CLUSTER: name.optional(),
    SVD_ECS_SERVICE: name.optional(),
    SVD_ECS_USD_PER_HOUR: usd.optional(),
    SVD_CLIPS_PER_WORKER: count,
    SVD_MAX_WORKERS: count,
    SVD_GPUS_PER_MACHINE: count,
    SVD_MAX_USD_PER_DAY: usd.optional(),
  })
  .superRefine((given, context) => {
    const fleets = [
      ['SVD_BATCH_JOB_QUEUE', 'SVD_BATCH_JOB_DEFINITION', 'SVD_BATCH_USD_PER_HOUR'],
      ['SVD_ECS_CLUSTER', 'SVD_ECS_SERVICE', 'SVD_ECS_USD_PER_HOUR'],
    ] as const
    const missing = fleets.map((names) => names.filter((variable) => given[variable] === undefined))
    if (missing.every((names) => names.length === 3)) {
      const message = 'is not set, nor is SVD_ECS_CLUSTER: there are no workers to start; set one of both'
      context.addIssue({ code: 'custom', path: ['SVD_BATCH_JOB_QUEUE'], message })
    }
    for (const names of missing.filter(({ length }) => length < 3)) {
      for (const variable of names) {
        const message = 'is not set, but other variables of its fleet are; set all three or none'
        context.addIssue({ code: 'custom', path: [variable], message })
      }
    }
  })

export interface DispatchEnvironment {
  /** Namespace of the CloudWatch metrics. */
  readonly metricsNamespace: string
  readonly jobsQueueUrl: string
  readonly outputBucket: string
  readonly modelsBucket: string
  readonly modelId: string
  /** `null`: the deployment has no workers on AWS Batch. */
  readonly batch: {
    /** Name or ARN. */
    readonly jobQueue: string
    /** ARN, with its revision: another one after each change of the definition. */
    readonly jobDefinition: string
    /** The most that a machine costs. */
    readonly usdPerHour: number
  } | null
  /** `null`: the deployment has no workers on ECS. */
  readonly ecs: {
    readonly cluster: string
    readonly service: string
    /** The most that a machine costs. */
    readonly usdPerHour: number
  } | null
  readonly clipsPerWorker: number
  readonly maxWorkers: number
  readonly gpusPerMachine: number
  /** `null`: no limit. */
  readonly maxUsdPerDay: number | null
}

/** Throws a ZodError that names every variable that is absent or wrong. */
export const parseDispatchEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): DispatchEnvironment => {
  const parsed = environmentSchema.parse(environment)
  const { SVD_BATCH_JOB_QUEUE: jobQueue, SVD_BATCH_JOB_DEFINITION: jobDefinition } = parsed
  const { SVD_ECS_CLUSTER: cluster, SVD_ECS_SERVICE: service } = parsed
  const { SVD_BATCH_USD_PER_HOUR: batchUsd = 0, SVD_ECS_USD_PER_HOUR: ecsUsd = 0 } = parsed
  return {
    metricsNamespace: parsed.SVD_METRICS_NAMESPACE,
    jobsQueueUrl: parsed.SVD_JOBS_QUEUE_URL,
    outputBucket: parsed.SVD_OUTPUT_BUCKET,
    modelsBucket: parsed.SVD_MODELS_BUCKET,
    modelId: parsed.SVD_MODEL_ID,
    batch:
      jobQueue === undefined || jobDefinition === undefined
        ? null
        : { jobQueue, jobDefinition, usdPerHour: batchUsd },
    ecs: cluster === undefined || service === undefined ? null : { cluster, service, usdPerHour: ecsUsd },
    clipsPerWorker: parsed.SVD_CLIPS_PER_WORKER,
    maxWorkers: parsed.SVD_MAX_WORKERS,
    gpusPerMachine: parsed.SVD_GPUS_PER_MACHINE,
    maxUsdPerDay: parsed.SVD_MAX_USD_PER_DAY ?? null,
  }
}
