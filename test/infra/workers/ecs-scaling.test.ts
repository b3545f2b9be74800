import { describe, expect, test } from 'vitest'
import { SLEEP, TRACK, WAKE, wakeSteps } from '../../../infra/scaling/scaling-policy.ts'
import { synthesize } from '../synthesized.ts'

const find = (type: string, test: (properties: Readonly<Record<string, never>>) => boolean, keys = {}) => {
  const all = Object.values(synthesize(keys).pipeline.findResources(type)).map(({ Properties }) => Properties)
  const found = all.filter(test)
  expect(found).toHaveLength(1)
  return found[0]
}
const policy = (name: string, keys = {}) =>
  find('AWS::ApplicationAutoScaling::ScalingPolicy', ({ PolicyName }) => PolicyName === name, keys)
const alarmOf = (about: string, keys = {}) =>
  find('AWS::CloudWatch::Alarm', ({ AlarmDescription }) => `${AlarmDescription}`.includes(about), keys)

describe('the number of workers', () => {
  test('is from none to the most that are allowed', () => {
    const target = find('AWS::ApplicationAutoScaling::ScalableTarget', () => true, { maxWorkers: 16 })

    expect(target).toMatchObject({
      MinCapacity: 0,
      MaxCapacity: 16,
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
    })
  })
})

describe('waking up', () => {
  test('happens when a clip waits and no machine is there or ordered, at the first datum', () => {
    const { Metrics, Threshold, EvaluationPeriods, ComparisonOperator } = alarmOf('no worker is there')

    expect([ComparisonOperator, Threshold, EvaluationPeriods]).toEqual([
      'GreaterThanOrEqualToThreshold',
      1,
      WAKE.evaluationPeriods,
    ])
    expect(Metrics[0].Expression).toBe(
      'IF(FILL(instances, 0) < 1, MAX([FILL(visible, 0), FILL(queued, 0)]), 0)',
    )
  })

  test("hears of new jobs from ingest too: SQS's own metrics come late when a queue has slept", () => {
    const queued = alarmOf('no worker is there').Metrics.find(({ Id }: { Id: string }) => Id === 'queued')

    expect(queued.MetricStat).toMatchObject({
      Stat: 'Sum',
      Metric: {
        Namespace: 'SvdBatch',
        MetricName: 'JobsQueued',
        Dimensions: [{ Name: 'service', Value: 'ingest' }],
      },
    })
  })

  test('takes the steps that the simulation ran on, each up to the next', () => {
    const { StepScalingPolicyConfiguration } = policy('wake', { maxWorkers: 30 })

    expect(StepScalingPolicyConfiguration.AdjustmentType).toBe('ExactCapacity')
    // Bounds count from the alarm's threshold of 1.
    expect(StepScalingPolicyConfiguration.StepAdjustments).toEqual(
      wakeSteps(10, 30).map(({ fromBacklog, workers }, i, steps) => ({
        MetricIntervalLowerBound: fromBacklog - 1,
        ...(steps[i + 1] === undefined ? {} : { MetricIntervalUpperBound: steps[i + 1]!.fromBacklog - 1 }),
        ScalingAdjustment: workers,
      })),
    )
  })

  test('sets off its own policy', () => {
    const { AlarmActions } = alarmOf('no worker is there')

    expect(AlarmActions).toEqual([{ Ref: expect.stringMatching(/^EcsScalingWake/) }])
  })
})

describe('following the backlog', () => {
  test('aims at so many clips for each worker that is there or ordered', () => {
    const tracking = policy('clips-per-worker', { clipsPerWorker: 6 })
    const { TargetValue, CustomizedMetricSpecification, ...rest } =
      tracking.TargetTrackingScalingPolicyConfiguration
    const queries = CustomizedMetricSpecification.Metrics

    expect(TargetValue).toBe(6)
    expect(rest).toEqual({
      ScaleOutCooldown: TRACK.scaleOutCooldownSeconds,
      ScaleInCooldown: TRACK.scaleInCooldownSeconds,
    })
    expect(queries.map(({ Id, ReturnData }: Record<string, unknown>) => [Id, ReturnData])).toEqual([
      ['visible', false],
      ['inFlight', false],
      ['instances', false],
      ['perWorker', true],
    ])
    expect(queries[3].Expression).toBe(
      '(visible + inFlight) / (IF(FILL(instances, 0) > 0, instances, 1) * 1)',
    )
    expect(queries.slice(0, 3).map((query: QueryWithMetric) => query.MetricStat.Metric.MetricName)).toEqual([
      'ApproximateNumberOfMessagesVisible',
      'ApproximateNumberOfMessagesNotVisible',
      'GroupDesiredCapacity',
    ])
  })

  test('counts the GPUs of machines with eight', () => {
    const keys = { instanceTypes: 'p4d.24xlarge', maxWorkers: 16 }
    const { Metrics } = policy('clips-per-worker', keys).TargetTrackingScalingPolicyConfiguration
      .CustomizedMetricSpecification

    expect(Metrics[3].Expression).toMatch(/\* 8\)$/)
  })
})

describe('going to sleep', () => {
  test('happens when nothing waits and nothing is in work, for long enough', () => {
    const { Metrics, Threshold, EvaluationPeriods, ComparisonOperator } = alarmOf('no clip waits')

    expect(Metrics[0].Expression).toBe('visible + inFlight')
    expect([ComparisonOperator, Threshold, EvaluationPeriods]).toEqual([
      'LessThanOrEqualToThreshold',
      0,
      SLEEP.evaluationPeriods,
    ])
    expect(policy('sleep').StepScalingPolicyConfiguration).toMatchObject({
      AdjustmentType: 'ExactCapacity',
      StepAdjustments: [{ MetricIntervalUpperBound: 0, ScalingAdjustment: 0 }],
    })
  })

  test('does not happen for want of data', () => {
    expect(alarmOf('no clip waits').TreatMissingData).toBe('missing')
  })
})

interface QueryWithMetric {
  readonly MetricStat: { readonly Metric: { readonly MetricName: string } }
}
