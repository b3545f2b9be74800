import { z } from 'zod'
import { METRICS_NAMESPACE } from '../../shared/contracts/metrics.ts'

const arnOf = (service: string) =>
  z.string().regex(new RegExp(`^arn:[\\w-]+:${service}:`), `must be an ARN of ${service}`)

const environmentSchema = z.object({
  SVD_METRICS_NAMESPACE: z.string().min(1).default(METRICS_NAMESPACE),
  SVD_OUTPUT_BUCKET: z.string().min(1),
  SVD_EVENT_BUS_ARN: arnOf('events'),
  SVD_EVENT_TOPIC_ARN: arnOf('sns'),
  SVD_WEBHOOK_HMAC_SECRET: z.string().min(1).optional(),
})

export interface NotifyEnvironment {
  /** Namespace of the CloudWatch metrics. */
  readonly metricsNamespace: string
  readonly outputBucket: string
  readonly eventBusArn: string
  readonly eventTopicArn: string
  /** Name or ARN in Secrets Manager of the secret that signs events; `null` if events are not signed. */
  readonly hmacSecretId: string | null
}

/** Throws a ZodError that names every variable that is absent or wrong. */
export const parseNotifyEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): NotifyEnvironment => {
  const parsed = environmentSchema.parse(environment)
  return {
    metricsNamespace: parsed.SVD_METRICS_NAMESPACE,
    outputBucket: parsed.SVD_OUTPUT_BUCKET,
    eventBusArn: parsed.SVD_EVENT_BUS_ARN,
    eventTopicArn: parsed.SVD_EVENT_TOPIC_ARN,
    hmacSecretId: parsed.SVD_WEBHOOK_HMAC_SECRET ?? null,
  }
}
