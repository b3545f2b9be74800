import type { Logger } from '@aws-lambda-powertools/logger'
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { IngestLogEvent } from './ingest-deps.ts'

/**
 * One JSON line an object, and its figures as metrics. Keys are users' text: they go into fields of their own, never
 * into a message.
 */
export const logIngest =
  (logger: Logger, metrics: Metrics) =>
  (event: IngestLogEvent): void => {
    const count = (name: string, value: number): void => {
      metrics.addMetric(name, MetricUnit.Count, value)
    }
    if (event.type === 'reported') {
      const { bucket, key, state, jobs, faults, more_faults } = event.report
      const figures = { jobs: jobs.length, queued: event.queued, faults: faults.length + more_faults }
      logger.info('ingested', { bucket, key, state, ...figures, first_fault: faults[0]?.message })
      count(state === 'rejected' ? 'ObjectsRejected' : 'ObjectsAccepted', 1)
      count('JobsQueued', event.queued)
      count('Faults', figures.faults)
    } else if (event.type === 'skipped') {
      logger.info('skipped', { key: event.key, reason: event.reason })
    } else {
      logger.error('failed, will be tried again', { key: event.key, error: event.error as Error })
      count('ObjectsFailed', 1)
    }
  }
