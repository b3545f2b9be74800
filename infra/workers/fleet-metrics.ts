import { Duration } from 'aws-cdk-lib'
import type { IAutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling'
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch'
import {
  DISPATCH_SERVICE,
  metricsNamespaceOf,
  WORKERS_ACTIVE_METRIC,
} from '../../shared/contracts/metrics.ts'
import { METRIC_PERIOD_SECONDS } from '../scaling/scaling-policy.ts'

/*
 * How many workers there are, for the dashboard. Nothing scales by a metric: infra/scaling/scaling-policy.ts.
 */

const period = Duration.seconds(METRIC_PERIOD_SECONDS)

/** Workers of ECS: GPUs of the machines that are there or on their way. */
export const workersOrdered = (group: IAutoScalingGroup, gpusPerInstance: number): IMetric =>
  new MathExpression({
    label: 'ECS, ordered',
    expression: `instances * ${gpusPerInstance}`,
    usingMetrics: {
      instances: new Metric({
        namespace: 'AWS/AutoScaling',
        metricName: 'GroupDesiredCapacity',
        dimensionsMap: { AutoScalingGroupName: group.autoScalingGroupName },
        statistic: 'Maximum',
        period,
      }),
    },
    period,
  })

/** Workers of AWS Batch: as dispatch counts them. */
export const batchWorkersActive = (deployment: string): IMetric =>
  new Metric({
    namespace: metricsNamespaceOf(deployment),
    metricName: WORKERS_ACTIVE_METRIC,
    dimensionsMap: { service: DISPATCH_SERVICE },
    statistic: 'Maximum',
    label: 'AWS Batch, active',
    period,
  })
