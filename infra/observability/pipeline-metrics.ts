import { Duration } from 'aws-cdk-lib'
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch'
import {
  BACKLOG_METRIC,
  BUDGET_REACHED_METRIC,
  CANNOT_START_METRIC,
  DISPATCH_SERVICE,
  INGEST_SERVICE,
  metricsNamespaceOf,
  OTHER_MODEL_METRIC,
  WORKER_SERVICE,
} from '../../shared/contracts/metrics.ts'
import { FAILURE_CLASSES } from '../../shared/contracts/result-record.ts'

const period = Duration.minutes(5)

export type PipelineMetrics = ReturnType<typeof pipelineMetrics>

/**
 * Metrics that workers, ingest and dispatch emit: worker/telemetry/measure-events.ts and `log-*.ts` of each
 * function.
 */
export const pipelineMetrics = (deployment: string) => {
  const ofService =
    (service: string) =>
    (metricName: string, statistic: string, dimensions: Readonly<Record<string, string>> = {}): Metric =>
      new Metric({
        namespace: metricsNamespaceOf(deployment),
        dimensionsMap: { service, ...dimensions },
        ...{ metricName, statistic, period },
      })
  const ingest = ofService(INGEST_SERVICE)
  const worker = ofService(WORKER_SERVICE)
  const dispatch = ofService(DISPATCH_SERVICE)
  return {
    dispatched: dispatch(BACKLOG_METRIC, 'SampleCount'),
    cannotStart: dispatch(CANNOT_START_METRIC, 'Maximum'),
    budgetReached: dispatch(BUDGET_REACHED_METRIC, 'Maximum'),
    queued: ingest('JobsQueued', 'Sum').with({ label: 'queued' }),
    rejected: ingest('ObjectsRejected', 'Sum').with({ label: 'drops with a fault' }),
    succeeded: worker('JobsSucceeded', 'Sum').with({ label: 'done' }),
    failed: worker('JobsFailed', 'Sum').with({ label: 'failed' }),
    retries: worker('Retries', 'Sum').with({ label: 'tried again' }),
    postponed: worker('Postponed', 'Sum').with({ label: 'had to wait' }),
    otherModelJobs: worker(OTHER_MODEL_METRIC, 'Sum').with({ label: 'for another model' }),
    leasesLost: worker('LeaseLost', 'Sum').with({ label: 'leases lost' }),
    jobSeconds: worker('JobSeconds', 'Average').with({ label: 'attempt, mean' }),
    slowJobSeconds: worker('JobSeconds', 'p95').with({ label: 'attempt, 95 %' }),
    deviceSeconds: worker('DeviceSeconds', 'Average').with({ label: 'of it on the device, mean' }),
    allDeviceSeconds: worker('DeviceSeconds', 'Sum'),
    waitingSeconds: worker('WaitingSeconds', 'p95').with({ label: 'submit to first receive, 95 %' }),
    costPerClip: new MathExpression({
      label: 'US dollars a clip',
      expression: 'cost / done',
      usingMetrics: { cost: worker('CostUsd', 'Sum'), done: worker('JobsSucceeded', 'Sum') },
      period,
    }),
    failuresByClass: FAILURE_CLASSES.map((name) =>
      worker('JobsFailed', 'Sum', { class: name }).with({ label: name }),
    ),
  } as const
}
