import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'
import type { Context } from 'aws-lambda'
import { openBatchClient, openBatchClientThatTriesOnce } from '../../shared/aws/batch-client.ts'
import { openBatchJobs } from '../../shared/aws/batch-jobs.ts'
import { openS3Client, openSqsClient } from '../../shared/aws/clients.ts'
import { openEcsClient } from '../../shared/aws/ecs-client.ts'
import { openS3ObjectStore } from '../../shared/aws/s3-object-store.ts'
import { openSqsMessageQueue } from '../../shared/aws/sqs-message-queue.ts'
import { openWorkerService } from '../../shared/aws/worker-service.ts'
import { DISPATCH_SERVICE } from '../../shared/contracts/metrics.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import { dispatchWorkers } from './dispatch-workers.ts'
import { parseDispatchEnvironment } from './environment.ts'
import { logDispatch } from './log-dispatch.ts'
import { parseScheduleEvent } from './schedule-event.ts'

/** Enough to say what failed before Lambda ends the process. */
const TIME_TO_ANSWER_MS = 3_000
/** Before that: enough to write what was started. */
const TIME_TO_WRITE_MS = 7_000

const environment = parseDispatchEnvironment(process.env)
const { clipsPerWorker, maxWorkers, gpusPerMachine, maxUsdPerDay, modelId } = environment
const logger = new Logger({ serviceName: DISPATCH_SERVICE })
const metrics = new Metrics({ namespace: environment.metricsNamespace, serviceName: DISPATCH_SERVICE })

const s3 = openS3Client()
const batch =
  environment.batch === null
    ? null
    : openBatchJobs({
        client: openBatchClient(),
        clientThatTriesOnce: openBatchClientThatTriesOnce(),
        ...environment.batch,
      })
const service =
  environment.ecs === null ? null : openWorkerService({ client: openEcsClient(), ...environment.ecs })

const deps: DispatchDeps = {
  output: openS3ObjectStore(s3, environment.outputBucket),
  models: openS3ObjectStore(s3, environment.modelsBucket),
  jobs: openSqsMessageQueue(openSqsClient(), environment.jobsQueueUrl),
  ...{ batch, service },
  figures: {
    ...{ clipsPerWorker, maxWorkers, gpusPerMachine, maxUsdPerDay, modelId },
    batchRevision: environment.batch?.jobDefinition ?? null,
    usdPerMachineHour: {
      batch: environment.batch?.usdPerHour ?? 0,
      ecs: environment.ecs?.usdPerHour ?? 0,
    },
  },
  now: () => new Date(),
  sleep: (ms, within) => delay(ms, undefined, { signal: within }),
  newWorkerName: () => `svd-worker-${randomUUID()}`,
  onEvent: logDispatch(logger, metrics, { batch: batch !== null, budget: maxUsdPerDay !== null }),
}

/** An event of EventBridge's schedule. */
export const handler = async (event: unknown, context: Context): Promise<void> => {
  const timeMs = Math.max(0, context.getRemainingTimeInMillis() - TIME_TO_ANSWER_MS)
  const untilMs = Date.now() + timeMs - TIME_TO_WRITE_MS
  const signal = AbortSignal.timeout(timeMs)
  logger.addContext(context)
  try {
    const { id, time } = parseScheduleEvent(event)
    logger.appendKeys({ event_id: id, scheduled_at: time })
    await dispatchWorkers(deps, { untilMs, signal })
  } catch (error) {
    logger.error('failed, will be done by the next', { error: error as Error })
    throw error
  } finally {
    metrics.publishStoredMetrics()
  }
}
