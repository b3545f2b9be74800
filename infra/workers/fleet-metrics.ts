import { Duration } from 'aws-cdk-lib'
import type { CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling'
import type { IAutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling'
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { DISPATCH_SERVICE, INGEST_SERVICE, METRICS_NAMESPACE } from '../../shared/contracts/metrics.ts'
import { METRIC_PERIOD_SECONDS } from '../scaling/scaling-policy.ts'

const period = Duration.seconds(METRIC_PERIOD_SECONDS)

/** What scaling looks at. */
export interface FleetMetrics {
  /** Clips that wait or are in work. */
  readonly backlog: IMetric
  /** Clips that wait, while no machine is there or ordered; else 0. */
  readonly waitingForNobody: IMetric
  /** Clips that wait or are in work, for each worker that is there or ordered: as a scaling policy spells it. */
  backlogPerWorkerQueries(): CfnScalingPolicy.TargetTrackingMetricDataQueryProperty[]
}

/** Jobs that ingest has just put into the queue: SQS's own metrics of a queue that slept for hours come late. */
const justQueued = new Metric({
  namespace: METRICS_NAMESPACE,
  metricName: 'JobsQueued',
  dimensionsMap: { service: INGEST_SERVICE },
  statistic: 'Sum',
  period,
})

/** Machines that are there or on their way. */
export const instancesOrdered = (group: IAutoScalingGroup): Metric =>
  new Metric({
    namespace: 'AWS/AutoScaling',
    metricName: 'GroupDesiredCapacity',
    dimensionsMap: { AutoScalingGroupName: group.autoScalingGroupName },
    statistic: 'Maximum',
    period,
  })

/** Workers of ECS: of the same. */
export const workersOrdered = (group: IAutoScalingGroup, gpusPerInstance: number): IMetric =>
  new MathExpression({
    label: 'ECS, ordered',
    expression: `instances * ${gpusPerInstance}`,
    usingMetrics: { instances: instancesOrdered(group) },
    period,
  })

/** Workers of AWS Batch: as the dispatcher counts them. */
export const BATCH_WORKERS_ACTIVE: IMetric = new Metric({
  namespace: METRICS_NAMESPACE,
  metricName: 'WorkersActive',
  dimensionsMap: { service: DISPATCH_SERVICE },
  statistic: 'Maximum',
  label: 'AWS Batch, active',
  period,
})

export const fleetMetrics = (
  jobs: Queue,
  group: IAutoScalingGroup,
  gpusPerInstance: number,
): FleetMetrics => {
  const visible = jobs.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period })
  const inFlight = jobs.metricApproximateNumberOfMessagesNotVisible({ statistic: 'Maximum', period })
  const instances = instancesOrdered(group)
  const perWorker = `(visible + inFlight) / (IF(FILL(instances, 0) > 0, instances, 1) * ${gpusPerInstance})`
  const query = (id: string, metric: Metric): CfnScalingPolicy.TargetTrackingMetricDataQueryProperty => ({
    id,
    returnData: false,
    metricStat: {
      stat: metric.statistic,
      metric: {
        namespace: metric.namespace,
        metricName: metric.metricName,
        dimensions: Object.entries(metric.dimensions ?? {}).map(([name, value]) => ({ name, value })),
      },
    },
  })
  return {
    backlog: new MathExpression({
      label: 'clips that wait or are in work',
      expression: 'visible + inFlight',
      usingMetrics: { visible, inFlight },
      period,
    }),
    waitingForNobody: new MathExpression({
      label: 'clips that wait for nobody',
      expression: 'IF(FILL(instances, 0) < 1, MAX([FILL(visible, 0), FILL(queued, 0)]), 0)',
      usingMetrics: { visible, queued: justQueued, instances },
      period,
    }),
    // A datum that is missing is none: where SQS's metrics are late, nobody is sent away for it.
    backlogPerWorkerQueries: () => [
      query('visible', visible),
      query('inFlight', inFlight),
      query('instances', instances),
      { id: 'perWorker', expression: perWorker, label: 'clips for each worker', returnData: true },
    ],
  }
}
