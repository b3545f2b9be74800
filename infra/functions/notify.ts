import type { IKey } from 'aws-cdk-lib/aws-kms'
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Construct } from 'constructs'
import { NOTIFY_TIMEOUT_SECONDS } from '../../functions/notify/event-times.ts'
import { metricsNamespaceOf } from '../../shared/contracts/metrics.ts'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import type { PipelineEvents } from '../events/pipeline-events.ts'
import { notifyPermissions } from '../permissions/notify-permissions.ts'
import type { QueueWithDeadLetters } from '../queues/queue-with-dead-letters.ts'
import type { Buckets } from '../storage/buckets.ts'
import { NOTIFY_BUNDLE } from './bundles.ts'
import { NOTIFY_BATCH, NOTIFY_MEMORY_MIB } from './notify-limits.ts'
import { TracedFunction } from './traced-function.ts'

export interface NotifyProps {
  readonly config: DeploymentConfig
  readonly buckets: Buckets
  readonly records: QueueWithDeadLetters
  readonly events: PipelineEvents
  readonly key: IKey | null
}

/** Announces ended requests and batches: the function reads each written result and report, and publishes its events. */
export class Notify extends Construct {
  readonly notify: TracedFunction

  constructor(scope: Construct, id: string, { config, buckets, records, events, key }: NotifyProps) {
    super(scope, id)
    const hmacSecret = config.webhookHmacSecret === '' ? null : config.webhookHmacSecret
    this.notify = new TracedFunction(this, 'Notify', {
      bundle: NOTIFY_BUNDLE,
      description: 'svd-batch: results and reports become events',
      environment: {
        SVD_METRICS_NAMESPACE: metricsNamespaceOf(config.name),
        SVD_OUTPUT_BUCKET: buckets.output.bucketName,
        SVD_EVENT_BUS_ARN: events.bus.eventBusArn,
        SVD_EVENT_TOPIC_ARN: events.topic.topicArn,
        ...(hmacSecret !== null && { SVD_WEBHOOK_HMAC_SECRET: hmacSecret }),
      },
      permissions: notifyPermissions({
        ...{ output: buckets.output, bus: events.bus, topic: events.topic, hmacSecret, key },
      }),
      buckets: [buckets.output],
      timeoutSeconds: NOTIFY_TIMEOUT_SECONDS,
      memoryMib: NOTIFY_MEMORY_MIB,
      logDays: config.logDays,
      acknowledged: {
        'Serverless-LambdaDLQ': 'A queue feeds it, and has dead letters of its own.',
        'Serverless-LambdaEventSourceMappingDestination':
          'The same: SQS takes no other place for what failed.',
      },
    })
    this.notify.function.addEventSource(
      new SqsEventSource(records.queue, {
        batchSize: NOTIFY_BATCH,
        reportBatchItemFailures: true,
        maxConcurrency: config.notifyConcurrency,
      }),
    )
  }
}
