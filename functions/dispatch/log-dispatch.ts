import type { Logger } from '@aws-lambda-powertools/logger'
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import {
  BACKLOG_METRIC,
  BUDGET_REACHED_METRIC,
  CANNOT_START_METRIC,
  WORKERS_ACTIVE_METRIC,
} from '../../shared/contracts/metrics.ts'
import type { DispatchLogEvent } from './dispatch-deps.ts'

/** Parts that the deployment has. Each metric costs by the month, so those without a part are left out. */
export interface LoggedParts {
  readonly batch: boolean
  readonly budget: boolean
}

/** One JSON line, and its figures as metrics. `Backlog` is the sign of life that an alarm waits for. */
export const logDispatch =
  (logger: Logger, metrics: Metrics, parts: LoggedParts) =>
  (event: DispatchLogEvent): void => {
    if (event.type === 'outrun') {
      logger.info('somebody else dispatches')
      return
    }
    const { type: _, ...figures } = event
    const isWarning = event.stopped === 'failed' || event.stopped === 'throttled' || event.cannotStart
    logger[isWarning ? 'warn' : 'info']('dispatched', figures)
    metrics.addMetric(BACKLOG_METRIC, MetricUnit.Count, event.backlog)
    metrics.addMetric(CANNOT_START_METRIC, MetricUnit.Count, event.cannotStart ? 1 : 0)
    if (parts.batch) {
      metrics.addMetric(WORKERS_ACTIVE_METRIC, MetricUnit.Count, event.active)
      metrics.addMetric('WorkersStarted', MetricUnit.Count, event.started)
    }
    if (parts.budget) metrics.addMetric(BUDGET_REACHED_METRIC, MetricUnit.Count, event.isPaused ? 1 : 0)
  }
