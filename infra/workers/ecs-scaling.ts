import { Duration, Fn } from 'aws-cdk-lib'
import { CfnScalableTarget, CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling'
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { Construct } from 'constructs'
import type { DeploymentConfig } from '../config/deployment-config.ts'
import { SLEEP, TRACK, WAKE, wakeSteps } from '../scaling/scaling-policy.ts'
import type { EcsWorkers } from './ecs-workers.ts'
import type { FleetMetrics } from './fleet-metrics.ts'

export interface EcsScalingProps {
  readonly config: Pick<DeploymentConfig, 'clipsPerWorker' | 'maxWorkers'>
  readonly workers: EcsWorkers
  readonly metrics: FleetMetrics
}

/**
 * How many workers there are, from none and back: infra/scaling/scaling-policy.ts. CDK's own classes take metric math
 * for stepping only, and not exact capacities that leave zero alone; so these are CloudFormation's resources.
 */
export class EcsScaling extends Construct {
  constructor(scope: Construct, id: string, { config, workers, metrics }: EcsScalingProps) {
    super(scope, id)
    const { clipsPerWorker, maxWorkers } = config
    const { service, machines } = workers
    const target = new CfnScalableTarget(this, 'Workers', {
      serviceNamespace: 'ecs',
      scalableDimension: 'ecs:service:DesiredCount',
      resourceId: Fn.join('/', ['service', machines.cluster.clusterName, service.serviceName]),
      minCapacity: 0,
      maxCapacity: maxWorkers,
    })

    const steps = wakeSteps(clipsPerWorker, maxWorkers)
    this.step(target, 'Wake', {
      metric: metrics.waitingForNobody,
      evaluationPeriods: WAKE.evaluationPeriods,
      threshold: 1,
      comparison: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      description: 'clips wait and nobody works',
      // Bounds of steps count from the threshold.
      steps: steps.map(({ fromBacklog, workers }, i) => ({
        metricIntervalLowerBound: fromBacklog - 1,
        ...(i + 1 < steps.length ? { metricIntervalUpperBound: steps[i + 1]!.fromBacklog - 1 } : {}),
        scalingAdjustment: workers,
      })),
    })
    this.step(target, 'Sleep', {
      metric: metrics.backlog,
      evaluationPeriods: SLEEP.evaluationPeriods,
      threshold: 0,
      comparison: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
      description: 'no clip waits and none is in work',
      steps: [{ metricIntervalUpperBound: 0, scalingAdjustment: 0 }],
    })
    new CfnScalingPolicy(this, 'Track', {
      policyName: 'clips-per-worker',
      policyType: 'TargetTrackingScaling',
      scalingTargetId: target.ref,
      targetTrackingScalingPolicyConfiguration: {
        targetValue: clipsPerWorker,
        scaleOutCooldown: TRACK.scaleOutCooldownSeconds,
        scaleInCooldown: TRACK.scaleInCooldownSeconds,
        customizedMetricSpecification: { metrics: metrics.clipsPerWorkerQueries() },
      },
    })
  }

  /** Sets the number of workers, while an alarm of its own holds. */
  private step(
    target: CfnScalableTarget,
    name: string,
    props: {
      readonly metric: IMetric
      readonly evaluationPeriods: number
      readonly threshold: number
      readonly comparison: ComparisonOperator
      readonly description: string
      readonly steps: readonly CfnScalingPolicy.StepAdjustmentProperty[]
    },
  ): void {
    const policy = new CfnScalingPolicy(this, name, {
      policyName: name.toLowerCase(),
      policyType: 'StepScaling',
      scalingTargetId: target.ref,
      stepScalingPolicyConfiguration: {
        adjustmentType: 'ExactCapacity',
        cooldown: Duration.minutes(1).toSeconds(),
        metricAggregationType: 'Maximum',
        stepAdjustments: [...props.steps],
      },
    })
    const alarm = new Alarm(this, `${name}Alarm`, {
      metric: props.metric,
      threshold: props.threshold,
      comparisonOperator: props.comparison,
      evaluationPeriods: props.evaluationPeriods,
      treatMissingData: TreatMissingData.MISSING,
      alarmDescription: `svd-batch scaling: ${props.description}`,
    })
    const action: IAlarmAction = { bind: () => ({ alarmActionArn: policy.ref }) }
    alarm.addAlarmAction(action)
  }
}
