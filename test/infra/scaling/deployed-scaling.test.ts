import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import {
  type ScalingMetric,
  SLEEP_METRIC,
  trackMetric,
  WAKE_METRIC,
} from '../../../infra/scaling/scaling-metrics.ts'
import {
  CLIPS_PER_WORKER,
  MANAGED_SCALING,
  SLEEP,
  TRACK,
  WAKE,
  wakeSteps,
} from '../../../infra/scaling/scaling-policy.ts'
import { synthesize } from '../synthesized.ts'

const MAX_WORKERS = 20
const { pipeline } = synthesize({ compute: 'ec2', maxWorkers: MAX_WORKERS })

interface Query {
  readonly Id: string
  readonly Expression?: string
}

const NAMES = ['visible', 'inFlight', 'queued', 'instances', 'reservation']

/** An expression is given the values that it names, and no others. */
const expectQueries = (queries: readonly Query[], { expression }: ScalingMetric): void => {
  expect(queries.flatMap(({ Expression }) => Expression ?? [])).toEqual([expression])
  const ids = queries.filter(({ Expression }) => Expression === undefined).map(({ Id }) => Id)
  expect(ids.sort()).toEqual(NAMES.filter((name) => expression.includes(name)).sort())
}

const alarmOf = (text: string): { EvaluationPeriods: number; Metrics: readonly Query[] } => {
  const found = pipeline.findResources('AWS::CloudWatch::Alarm', {
    Properties: { AlarmDescription: Match.stringLikeRegexp(text) },
  })
  return Object.values(found)[0]?.['Properties'] ?? expect.fail(`there is no alarm: ${text}`)
}

describe('the stack deploys what the simulation runs on', () => {
  test('WAKE: its metric, its periods and its steps', () => {
    const alarm = alarmOf('nobody works')
    expect(alarm.EvaluationPeriods).toBe(WAKE.evaluationPeriods)
    expectQueries(alarm.Metrics, WAKE_METRIC)
    const steps = wakeSteps(CLIPS_PER_WORKER, MAX_WORKERS)
    pipeline.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      PolicyName: 'wake',
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ExactCapacity',
        StepAdjustments: steps.map(({ fromBacklog, workers }) =>
          Match.objectLike({ MetricIntervalLowerBound: fromBacklog - 1, ScalingAdjustment: workers }),
        ),
      },
    })
  })

  test('TRACK: its metric, its target and its cooldowns', () => {
    const [policy] = Object.values(
      pipeline.findResources('AWS::ApplicationAutoScaling::ScalingPolicy', {
        Properties: { PolicyType: 'TargetTrackingScaling' },
      }),
    )
    const tracking = policy?.['Properties'].TargetTrackingScalingPolicyConfiguration
    expect(tracking).toMatchObject({
      TargetValue: CLIPS_PER_WORKER,
      ScaleOutCooldown: TRACK.scaleOutCooldownSeconds,
      ScaleInCooldown: TRACK.scaleInCooldownSeconds,
    })
    expectQueries(tracking.CustomizedMetricSpecification.Metrics, trackMetric(CLIPS_PER_WORKER, 1))
  })

  test('SLEEP: its metric and its periods', () => {
    const alarm = alarmOf('no clip waits')
    expect(alarm.EvaluationPeriods).toBe(SLEEP.evaluationPeriods)
    expectQueries(alarm.Metrics, SLEEP_METRIC)
  })

  test("ECS's managed scaling: its target and its warm-up, and machines with a task are protected", () => {
    pipeline.hasResourceProperties('AWS::ECS::CapacityProvider', {
      AutoScalingGroupProvider: {
        ManagedScaling: {
          TargetCapacity: MANAGED_SCALING.targetCapacityPercent,
          InstanceWarmupPeriod: MANAGED_SCALING.instanceWarmupSeconds,
        },
        ManagedTerminationProtection: 'ENABLED',
        ManagedDraining: 'ENABLED',
      },
    })
  })
})
