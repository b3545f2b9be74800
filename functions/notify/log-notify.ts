import type { Logger } from '@aws-lambda-powertools/logger'
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { PipelineEvent } from '../../shared/contracts/pipeline-event.ts'
import type { NotifyLogEvent } from './notify-deps.ts'

/** Reports of 10,000 jobs are announced in pieces of hundreds of events. */
const LOGGED_IDS = 20

const ofType = (events: readonly PipelineEvent[], type: PipelineEvent['type']): number =>
  events.filter((event) => event.type === type).length

/**
 * Writes one JSON line an object, and its figures as metrics. Keys are users' text: they go into fields of their own,
 * never into a message. Contexts are not logged.
 */
export const logNotify =
  (logger: Logger, metrics: Metrics) =>
  (event: NotifyLogEvent): void => {
    if (event.type === 'announced') {
      const { key, events } = event
      const counts = {
        requests_ended: ofType(events, 'request.ended'),
        batches_ended: ofType(events, 'batch.ended'),
        uploads_rejected: ofType(events, 'upload.rejected'),
      }
      const event_ids = events.slice(0, LOGGED_IDS).map(({ event_id }) => event_id)
      logger.info('announced', { key, ...counts, event_ids })
      metrics.addMetric('EventsPublished', MetricUnit.Count, events.length)
    } else {
      logger.error('failed, will be tried again', { key: event.key, error: event.error as Error })
      metrics.addMetric('ObjectsFailed', MetricUnit.Count, 1)
    }
  }
