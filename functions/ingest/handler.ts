import { randomUUID } from 'node:crypto'
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import type { Context } from 'aws-lambda'
import { openS3Client, openSqsClient } from '../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../shared/aws/s3-object-store.ts'
import { openSqsMessageQueue } from '../../shared/aws/sqs-message-queue.ts'
import { INGEST_SERVICE } from '../../shared/contracts/metrics.ts'
import type { ModelRecord } from '../../shared/contracts/model-record.ts'
import { readModelRecord } from '../../shared/records/read-model-record.ts'
import type { PartialBatchResponse } from '../object-events.ts'
import { parseIngestEnvironment } from './environment.ts'
import { ingestEvent } from './ingest-event.ts'
import { logIngest } from './log-ingest.ts'

/** Enough to say what failed before Lambda ends the process. */
const TIME_TO_ANSWER_MS = 3_000

const environment = parseIngestEnvironment(process.env)
const logger = new Logger({ serviceName: INGEST_SERVICE })
const metrics = new Metrics({ namespace: environment.metricsNamespace, serviceName: INGEST_SERVICE })

const s3 = openS3Client()
const input = openS3ObjectStore(s3, environment.inputBucket)
const output = openS3ObjectStore(s3, environment.outputBucket)
const models = openS3ObjectStore(s3, environment.modelsBucket)
const jobs = openSqsMessageQueue(openSqsClient(), environment.jobsQueueUrl)

let model: ModelRecord | null = null

const readModel = async (signal: AbortSignal): Promise<ModelRecord> => {
  const { modelId } = environment
  const record = await readModelRecord(models, modelId, signal)
  if (record !== null) return record
  throw new Error(`the bucket ${models.bucket} has no model ${modelId}; upload it with \`svd models push\``)
}

/** `Records` of S3 by way of SQS, or an event of S3 or EventBridge itself. */
export const handler = async (
  event: unknown,
  context: Context,
): Promise<PartialBatchResponse | undefined> => {
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - TIME_TO_ANSWER_MS))
  logger.addContext(context)
  try {
    model ??= await readModel(signal)
    const deps = {
      ...{ input, output, jobs, model, limits: environment.limits, defaultSize: environment.defaultSize },
      now: () => new Date(),
      newTraceId: () => process.env['_X_AMZN_TRACE_ID'] ?? randomUUID(),
      onEvent: logIngest(logger, metrics),
    }
    return await ingestEvent(event, deps, signal)
  } finally {
    metrics.publishStoredMetrics()
  }
}
