import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import type { Context } from 'aws-lambda'
import { openBatchClient, openBatchClientThatTriesOnce } from '../../shared/aws/batch-client.ts'
import { openBatchJobs } from '../../shared/aws/batch-jobs.ts'
import { openS3Client, openSqsClient } from '../../shared/aws/clients.ts'
import { openS3ObjectStore } from '../../shared/aws/s3-object-store.ts'
import { openSqsMessageQueue } from '../../shared/aws/sqs-message-queue.ts'
import { DISPATCH_SERVICE } from '../../shared/contracts/metrics.ts'
import { dispatchWorkers } from './dispatch-workers.ts'
import { parseEnvironment } from './environment.ts'
import { parseScheduleEvent } from './schedule-event.ts'
import { tellPowertools } from './tell-powertools.ts'

/** Enough to say what failed before Lambda ends the process. */
const TIME_TO_ANSWER_MS = 3_000
/** Before that: enough to write what was started. */
const TIME_TO_WRITE_MS = 7_000

const environment = parseEnvironment(process.env)
const { clipsPerWorker, maxWorkers } = environment
const logger = new Logger({ serviceName: DISPATCH_SERVICE })
const metrics = new Metrics({ namespace: environment.metricsNamespace, serviceName: DISPATCH_SERVICE })

const output = openS3ObjectStore(openS3Client(), environment.outputBucket)
const jobs = openSqsMessageQueue(openSqsClient(), environment.jobsQueueUrl)
const batch = openBatchJobs({
  client: openBatchClient(),
  clientThatTriesOnce: openBatchClientThatTriesOnce(),
  jobQueue: environment.batchJobQueue,
  jobDefinition: environment.batchJobDefinition,
})

/** An event of EventBridge's schedule. */
export const handler = async (event: unknown, context: Context): Promise<void> => {
  const timeMs = Math.max(0, context.getRemainingTimeInMillis() - TIME_TO_ANSWER_MS)
  const untilMs = Date.now() + timeMs - TIME_TO_WRITE_MS
  const signal = AbortSignal.timeout(timeMs)
  logger.addContext(context)
  try {
    const { id, time } = parseScheduleEvent(event)
    logger.appendKeys({ event_id: id, scheduled_at: time })
    const world = {
      ...{ output, jobs, batch, limits: { clipsPerWorker, maxWorkers } },
      now: () => new Date(),
      sleep: (ms: number, within: AbortSignal) => delay(ms, undefined, { signal: within }),
      newWorkerName: () => `svd-worker-${randomUUID()}`,
      tell: tellPowertools(logger, metrics),
    }
    await dispatchWorkers(world, { untilMs, signal })
  } catch (error) {
    logger.error('failed, will be done by the next', { error: error as Error })
    throw error
  } finally {
    metrics.publishStoredMetrics()
  }
}
