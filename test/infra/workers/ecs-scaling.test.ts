import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { synthesize } from '../synthesized.ts'

/** That its figures are those of the simulation: ../scaling/deployed-scaling.test.ts. */
const pipeline = (keys = {}) => synthesize({ compute: 'ec2', ...keys }).pipeline

const alarmOf = (about: string) => {
  const found = pipeline().findResources('AWS::CloudWatch::Alarm', {
    Properties: { AlarmDescription: Match.stringLikeRegexp(about) },
  })
  expect(Object.keys(found)).toHaveLength(1)
  return Object.values(found)[0]?.['Properties']
}

describe('the number of workers', () => {
  test('is from none to the most that are allowed', () => {
    pipeline({ maxWorkers: 16 }).hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MinCapacity: 0,
      MaxCapacity: 16,
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
    })
  })

  test('is looked at for the GPUs of machines that have eight', () => {
    pipeline({ instanceTypes: 'p4d.24xlarge', maxWorkers: 16 }).hasResourceProperties(
      'AWS::ApplicationAutoScaling::ScalingPolicy',
      {
        TargetTrackingScalingPolicyConfiguration: {
          CustomizedMetricSpecification: {
            Metrics: Match.arrayWith([Match.objectLike({ Expression: Match.stringLikeRegexp(' \\* 8\\)') })]),
          },
        },
      },
    )
  })
})

describe('waking up', () => {
  test("hears of new jobs from ingest too: SQS's own metrics come late when a queue has slept", () => {
    const queued = alarmOf('nobody works').Metrics.find(({ Id }: { readonly Id: string }) => Id === 'queued')

    expect(queued.MetricStat).toMatchObject({
      Stat: 'Sum',
      Metric: {
        Namespace: 'SvdBatch/svd',
        MetricName: 'JobsQueued',
        Dimensions: [{ Name: 'service', Value: 'ingest' }],
      },
    })
  })

  test('covers every backlog from one clip on, without a gap between two steps', () => {
    const [policy] = Object.values(
      pipeline({ maxWorkers: 30 }).findResources('AWS::ApplicationAutoScaling::ScalingPolicy', {
        Properties: { PolicyName: 'wake' },
      }),
    )
    const steps: readonly Step[] = policy?.['Properties'].StepScalingPolicyConfiguration.StepAdjustments

    // Bounds count from the alarm's threshold of one clip.
    expect(alarmOf('nobody works').Threshold).toBe(1)
    expect(steps[0]?.MetricIntervalLowerBound).toBe(0)
    expect(steps.slice(1).map(({ MetricIntervalLowerBound }) => MetricIntervalLowerBound)).toEqual(
      steps.slice(0, -1).map(({ MetricIntervalUpperBound }) => MetricIntervalUpperBound),
    )
    expect(steps.at(-1)).not.toHaveProperty('MetricIntervalUpperBound')
    expect(steps.at(-1)?.ScalingAdjustment).toBe(30)
  })

  test('sets off its own policy', () => {
    expect(alarmOf('nobody works').AlarmActions).toEqual([{ Ref: expect.stringMatching(/^EcsScalingWake/) }])
  })
})

describe('going to sleep', () => {
  test('sets the number to none, and not for want of data', () => {
    const alarm = alarmOf('no clip waits')

    expect(alarm).toMatchObject({ ComparisonOperator: 'LessThanOrEqualToThreshold', Threshold: 0 })
    expect(alarm.TreatMissingData).toBe('missing')
    expect(alarm.AlarmActions).toEqual([{ Ref: expect.stringMatching(/^EcsScalingSleep/) }])
    pipeline().hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      PolicyName: 'sleep',
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ExactCapacity',
        StepAdjustments: [{ MetricIntervalUpperBound: 0, ScalingAdjustment: 0 }],
      },
    })
  })
})

interface Step {
  readonly MetricIntervalLowerBound?: number
  readonly MetricIntervalUpperBound?: number
  readonly ScalingAdjustment: number
}
