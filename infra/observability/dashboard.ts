import { Duration } from 'aws-cdk-lib'
import {
  Dashboard,
  GraphWidget,
  GraphWidgetView,
  type IMetric,
  type IWidget,
  MathExpression,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { METRIC_PERIOD_SECONDS } from '../scaling/scaling-policy.ts'
import type { PipelineMetrics } from './pipeline-metrics.ts'

export interface PipelineDashboardProps {
  readonly jobs: Queue
  /** Workers that run or are ordered, of each kind of compute. */
  readonly workers: readonly IMetric[]
  readonly metrics: PipelineMetrics
}

const period = Duration.minutes(5)
/** CloudWatch's grid has 24 columns. */
const HALF = { width: 12, height: 6 }
const THIRD = { width: 8, height: 6 }

/** One page: is there work, is it being done, how fast, at what price, and what goes wrong. */
export class PipelineDashboard extends Construct {
  constructor(scope: Construct, id: string, { jobs, workers, metrics }: PipelineDashboardProps) {
    super(scope, id)
    const visible = jobs.metricApproximateNumberOfMessagesVisible({
      statistic: 'Maximum',
      period,
      label: 'wait',
    })
    const inFlight = jobs.metricApproximateNumberOfMessagesNotVisible({
      statistic: 'Maximum',
      period,
      label: 'in work',
    })
    const oldest = jobs.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period, label: 'oldest' })
    new Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.hours(12),
      widgets: [
        [
          new SingleValueWidget({
            title: 'Now',
            metrics: [visible, inFlight, metrics.succeeded, metrics.failed, metrics.costPerClip],
            width: 24,
            height: 3,
          }),
        ],
        [
          new GraphWidget({ title: 'Backlog, clips', left: [visible, inFlight], stacked: true, ...THIRD }),
          new GraphWidget({ title: 'Workers', left: [...workers], ...THIRD }),
          new GraphWidget({
            title: 'Age of the oldest, and time from submit to work, s',
            left: [oldest, metrics.waitingSeconds],
            ...THIRD,
          }),
        ],
        [
          new GraphWidget({
            title: 'Clips in five minutes',
            left: [metrics.queued, metrics.succeeded, metrics.failed],
            ...HALF,
          }),
          new GraphWidget({
            title: 'Seconds a clip',
            left: [metrics.jobSeconds, metrics.slowJobSeconds, metrics.deviceSeconds],
            ...HALF,
          }),
        ],
        [
          new GraphWidget({ title: 'US dollars a clip', left: [metrics.costPerClip], ...HALF }),
          gpuUse(workers, metrics),
        ],
        [
          new GraphWidget({
            title: 'Failures by class',
            left: [...metrics.failuresByClass],
            view: GraphWidgetView.BAR,
            ...HALF,
          }),
          new GraphWidget({
            title: 'Again and in vain',
            left: [
              ...[metrics.retries, metrics.postponed, metrics.otherModelJobs],
              ...[metrics.leasesLost, metrics.rejected],
            ],
            ...HALF,
          }),
        ],
      ],
    })
  }
}

/**
 * Graph of GPU use, as a share of the time for which machines were ordered: boot and idle time are part of what is
 * paid.
 */
const gpuUse = (workers: readonly IMetric[], metrics: PipelineMetrics): IWidget => {
  // As that of the numbers of workers.
  const minute = Duration.seconds(METRIC_PERIOD_SECONDS)
  const usingMetrics = Object.fromEntries(workers.map((metric, i) => [`workers${i}`, metric]))
  return new GraphWidget({
    title: 'GPU use, % of what is paid for',
    left: [
      new MathExpression({
        label: 'GPU use',
        expression: `100 * device / (PERIOD(device) * (${workers.map((_, i) => `FILL(workers${i}, 0)`).join(' + ')}))`,
        usingMetrics: { device: metrics.allDeviceSeconds.with({ period: minute }), ...usingMetrics },
        period: minute,
      }),
    ],
    leftYAxis: { min: 0, max: 100 },
    ...HALF,
  })
}
