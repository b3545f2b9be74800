import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import type { Context } from 'aws-lambda'
import { openS3Client } from '../../shared/aws/clients.ts'
import { openEventBus } from '../../shared/aws/event-bus.ts'
import {
  openEventBridgeClient,
  openSecretsManagerClient,
  openSnsClient,
} from '../../shared/aws/event-clients.ts'
import { openEventTopic } from '../../shared/aws/event-topic.ts'
import { readSecret } from '../../shared/aws/read-secret.ts'
import { openS3ObjectStore } from '../../shared/aws/s3-object-store.ts'
import { NOTIFY_SERVICE } from '../../shared/contracts/metrics.ts'
import type { PipelineEvent } from '../../shared/contracts/pipeline-event.ts'
import { signEvent } from '../../shared/events/sign-event.ts'
import type { PartialBatchResponse } from '../object-events.ts'
import { parseNotifyEnvironment } from './environment.ts'
import { logNotify } from './log-notify.ts'
import type { NotifyDeps } from './notify-deps.ts'
import { notifyEvent } from './notify-event.ts'
import { publishToAll } from './publish-to-all.ts'
import { cachedSecret } from './webhook-secret.ts'

/** Enough to log what failed before Lambda ends the process. */
const TIME_TO_ANSWER_MS = 3_000

const environment = parseNotifyEnvironment(process.env)
const logger = new Logger({ serviceName: NOTIFY_SERVICE })
const metrics = new Metrics({ namespace: environment.metricsNamespace, serviceName: NOTIFY_SERVICE })
const now = (): Date => new Date()

const signWith = (secretId: string) => {
  const client = openSecretsManagerClient()
  const secretOf = cachedSecret((signal) => readSecret(client, secretId, signal), now)
  return async (event: PipelineEvent, signal: AbortSignal) => signEvent(event, await secretOf(signal), now())
}

const { outputBucket, eventBusArn, eventTopicArn, hmacSecretId } = environment
const deps: NotifyDeps = {
  output: openS3ObjectStore(openS3Client(), outputBucket),
  publish: publishToAll([
    openEventBus({
      client: openEventBridgeClient(),
      bus: eventBusArn,
      sign: hmacSecretId === null ? null : signWith(hmacSecretId),
    }),
    openEventTopic({ client: openSnsClient(), topicArn: eventTopicArn }),
  ]),
  onEvent: logNotify(logger, metrics),
}

/** `Records` of S3 by way of SQS, or an event of S3 or EventBridge itself. */
export const handler = async (
  event: unknown,
  context: Context,
): Promise<PartialBatchResponse | undefined> => {
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - TIME_TO_ANSWER_MS))
  logger.addContext(context)
  try {
    return await notifyEvent(event, deps, signal)
  } finally {
    metrics.publishStoredMetrics()
  }
}
