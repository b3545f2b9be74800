import type { Logger } from '@aws-lambda-powertools/logger'
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import type { DispatchEvent } from './dispatch-world.ts'

/** One JSON line, and its figures as metrics. */
export const tellPowertools =
  (logger: Logger, metrics: Metrics) =>
  (event: DispatchEvent): void => {
    if (event.type === 'outrun') {
      logger.info('somebody else dispatches')
      return
    }
    const { type: _, ...figures } = event
    const level = event.stopped === 'failed' || event.stopped === 'throttled' ? 'warn' : 'info'
    logger[level]('dispatched', figures)
    metrics.addMetric('Backlog', MetricUnit.Count, event.backlog)
    metrics.addMetric('WorkersActive', MetricUnit.Count, event.active)
    metrics.addMetric('WorkersStarted', MetricUnit.Count, event.started)
  }
