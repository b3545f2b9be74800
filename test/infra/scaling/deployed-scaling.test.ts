import { describe, expect, test } from 'vitest'
import { DISPATCH, MANAGED_SCALING } from '../../../infra/scaling/scaling-policy.ts'
import { synthesize } from '../synthesized.ts'

const { pipeline } = synthesize({ compute: 'ec2', maxWorkers: 20 })

describe('the stack deploys what the simulation assumes', () => {
  test('in the interval of dispatch', () => {
    pipeline.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: `rate(${DISPATCH.everySeconds / 60} minute)`,
    })
  })

  test('in that no alarm and no policy of Application Auto Scaling changes the number of workers', () => {
    pipeline.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0)
    pipeline.resourceCountIs('AWS::ApplicationAutoScaling::ScalingPolicy', 0)
    const actions = Object.values(pipeline.findResources('AWS::CloudWatch::Alarm')).flatMap(
      ({ Properties }) => Properties.AlarmActions,
    )
    expect(new Set(actions.map(({ Ref }) => Ref.replace(/[0-9A-F]{8}$/, '')))).toEqual(
      new Set(['AlarmTopic']),
    )
  })

  test('in ECS managed scaling: its target, its warm-up, and the protection of machines with a task', () => {
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
