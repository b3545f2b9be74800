import { Duration } from 'aws-cdk-lib'
import type { CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling'
import type { IAutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling'
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { ICluster } from 'aws-cdk-lib/aws-ecs'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { DISPATCH_SERVICE, INGEST_SERVICE, metricsNamespaceOf } from '../../shared/contracts/metrics.ts'
import { type ScalingMetric, SLEEP_METRIC, trackMetric, WAKE_METRIC } from '../scaling/scaling-metrics.ts'
import { METRIC_PERIOD_SECONDS } from '../scaling/scaling-policy.ts'

const period = Duration.seconds(METRIC_PERIOD_SECONDS)

/** What scaling looks at: infra/scaling/scaling-metrics.ts. */
export interface FleetMetrics {
  /** Clips that wait or are in work, or came just now. */
  readonly backlog: IMetric
  /** Clips that wait, while nobody works; else 0. */
  readonly waitingForNobody: IMetric
  /** Clips for each worker: as a scaling policy spells it. */
  clipsPerWorkerQueries(): CfnScalingPolicy.TargetTrackingMetricDataQueryProperty[]
}

/** Jobs that ingest has just put into the queue: SQS's own metrics of a queue that slept for hours come late. */
const justQueued = (deployment: string): Metric =>
  new Metric({
    namespace: metricsNamespaceOf(deployment),
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
export const batchWorkersActive = (deployment: string): IMetric =>
  new Metric({
    namespace: metricsNamespaceOf(deployment),
    metricName: 'WorkersActive',
    dimensionsMap: { service: DISPATCH_SERVICE },
    statistic: 'Maximum',
    label: 'AWS Batch, active',
    period,
  })

/** In percent: above 100 where ECS has tasks that wait for a machine. */
const capacityReserved = ({ clusterName }: ICluster, capacityProviderName: string): Metric =>
  new Metric({
    namespace: 'AWS/ECS/ManagedScaling',
    metricName: 'CapacityProviderReservation',
    dimensionsMap: { CapacityProviderName: capacityProviderName, ClusterName: clusterName },
    statistic: 'Maximum',
    period,
  })

export interface FleetMetricsProps {
  /** Its name. */
  readonly deployment: string
  readonly jobs: Queue
  readonly group: IAutoScalingGroup
  readonly cluster: ICluster
  readonly capacityProviderName: string
  readonly clipsPerWorker: number
  readonly gpusPerInstance: number
}

export const fleetMetrics = (props: FleetMetricsProps): FleetMetrics => {
  const { deployment, jobs, group, cluster, capacityProviderName, clipsPerWorker, gpusPerInstance } = props
  const values = {
    visible: jobs.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period }),
    inFlight: jobs.metricApproximateNumberOfMessagesNotVisible({ statistic: 'Maximum', period }),
    queued: justQueued(deployment),
    instances: instancesOrdered(group),
    reservation: capacityReserved(cluster, capacityProviderName),
  }
  /** Only the values that it names: CloudWatch refuses others. */
  const named = ({ expression }: ScalingMetric): [string, Metric][] =>
    Object.entries(values).filter(([name]) => expression.includes(name))
  const math = (label: string, metric: ScalingMetric): MathExpression =>
    new MathExpression({
      label,
      expression: metric.expression,
      usingMetrics: Object.fromEntries(named(metric)),
      period,
    })
  const query = ([id, metric]: [string, Metric]): CfnScalingPolicy.TargetTrackingMetricDataQueryProperty => ({
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
  const track = trackMetric(clipsPerWorker, gpusPerInstance)
  return {
    backlog: math('clips that wait or are in work', SLEEP_METRIC),
    waitingForNobody: math('clips that wait for nobody', WAKE_METRIC),
    clipsPerWorkerQueries: () => [
      ...named(track).map(query),
      { id: 'perWorker', expression: track.expression, label: 'clips for each worker', returnData: true },
    ],
  }
}
