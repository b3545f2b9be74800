import { existsSync } from 'node:fs'
import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { notEmpty } from '../../fixtures/not-empty.ts'
import { inRepository } from '../../worker/image/in-repository.ts'
import { synthesize, VARIANTS } from '../synthesized.ts'

const pipeline = (keys = {}) => synthesize({ compute: 'both', ...keys }).pipeline

const alarms = (keys = {}) =>
  Object.entries(pipeline(keys).findResources('AWS::CloudWatch::Alarm'))
    .filter(([id]) => id.startsWith('Alarms'))
    .map(([id, { Properties }]) => ({ id: id.replace(/^Alarms|[0-9A-F]{8}$/g, ''), ...Properties }))
const alarm = (id: string, keys = {}) => alarms(keys).find((found) => found.id === id)

describe('alarms', () => {
  test('are these', () => {
    expect(alarms().map(({ id }) => id)).toEqual([
      'JobsFailedForGood',
      'DropsFailedForGood',
      'EventsFailedForGood',
      'JobsWaitLong',
      'JobsOfAnotherModel',
      'NothingDone',
      'DispatchSilent',
      'WorkersCannotStart',
      'IngestErrors',
      'IngestThrottles',
      'DispatchErrors',
      'DispatchThrottles',
      'NotifyErrors',
      'NotifyThrottles',
    ])
  })

  test('all go to one topic, and say in words what is wrong and where to look', () => {
    for (const { id, AlarmActions, AlarmDescription, TreatMissingData } of notEmpty(
      alarms({ maxUsdPerDay: 20 }),
    )) {
      expect(AlarmActions).toEqual([{ Ref: expect.stringMatching(/^AlarmTopic/) }])
      expect(AlarmDescription).toMatch(/^svd-batch: .{30,}\.$/)
      expect(TreatMissingData).toBe(id === 'DispatchSilent' ? 'breaching' : 'notBreaching')
    }
  })

  test('ring for one dead letter, also while somebody looks at it, but not for one approximate number', () => {
    for (const id of [
      'JobsFailedForGood',
      'DropsFailedForGood',
      'EventsFailedForGood',
      'WebhookFailedForGood',
    ]) {
      const { Threshold, EvaluationPeriods, DatapointsToAlarm, Metrics } = alarm(id, VARIANTS.webhook)!
      expect([Threshold, EvaluationPeriods, DatapointsToAlarm]).toEqual([0, 3, 2])
      expect(Metrics[0].Expression).toBe('visible + inFlight')
      expect(JSON.stringify(Metrics)).toContain('DeadLetters')
    }
  })

  test('ring for an error of ingest at once, and for one of dispatch when it lasts: rights come late at first', () => {
    expect(alarm('IngestErrors')).toMatchObject({ Threshold: 0, EvaluationPeriods: 1 })
    expect(alarm('DispatchErrors')).toMatchObject({
      ...{ Threshold: 0, EvaluationPeriods: 3, DatapointsToAlarm: 2 },
    })
  })

  test('ring for a webhook that fails for a quarter of an hour, where there is one', () => {
    expect(alarms().filter(({ id }) => id.startsWith('Webhook'))).toEqual([])
    expect(alarm('WebhookFails', VARIANTS.webhook)).toMatchObject({
      ...{ Namespace: 'AWS/Events', MetricName: 'RetryInvocationAttempts', Statistic: 'Sum', Period: 300 },
      Dimensions: [
        { Name: 'EventBusName', Value: { Ref: expect.stringMatching(/^EventsBus/) } },
        { Name: 'RuleName' },
      ],
      ...{ Threshold: 0, EvaluationPeriods: 3 },
    })
  })

  test('ring for a job that waits for longer than the deployment allows', () => {
    expect(alarm('JobsWaitLong', { alarmHours: 6 })).toMatchObject({
      MetricName: 'ApproximateAgeOfOldestMessage',
      Threshold: 6 * 3600,
    })
  })

  test('ring for a job that waits for another model, and name the one that workers have', () => {
    const { Metrics, ...ringing } = alarm('JobsOfAnotherModel', { modelId: 'svd-xt' })!

    expect(ringing).toMatchObject({
      ...{ Threshold: 0, EvaluationPeriods: 1 },
      AlarmDescription: expect.stringContaining('another model than svd-xt, which the workers have'),
    })
    expect(Metrics[0].MetricStat).toMatchObject({
      Metric: {
        MetricName: 'OtherModelJobs',
        Dimensions: [{ Name: 'service', Value: 'svd-worker' }],
      },
      Stat: 'Sum',
    })
  })

  test('ring when clips wait and none has been done or failed for half an hour', () => {
    const { Metrics, EvaluationPeriods, Threshold } = alarm('NothingDone')!

    expect(Metrics[0].Expression).toBe('IF(done > 0, 0, backlog)')
    expect([Threshold, EvaluationPeriods]).toEqual([0, 6])
    expect(
      Metrics.slice(1).every(
        ({ MetricStat }: { MetricStat: { Period: number } }) => MetricStat.Period === 300,
      ),
    ).toBe(true)
  })

  test('ring when dispatch has emitted nothing for ten minutes, and not before it is called at all', () => {
    expect(alarm('DispatchSilent')).toMatchObject({
      ...{ Namespace: 'SvdBatch/svd', MetricName: 'Backlog', Statistic: 'SampleCount' },
      Dimensions: [{ Name: 'service', Value: 'dispatch' }],
      ...{ ComparisonOperator: 'LessThanThreshold', Threshold: 1, Period: 300, EvaluationPeriods: 2 },
    })
    const [silent] = Object.entries(pipeline().findResources('AWS::CloudWatch::Alarm')).filter(([id]) =>
      id.startsWith('AlarmsDispatchSilent'),
    )
    expect(silent?.[1]['DependsOn']).toContainEqual(expect.stringMatching(/^DispatchEveryMinute/))
  })

  test('ring once for workers that cannot start, however often they are tried', () => {
    expect(alarm('WorkersCannotStart')).toMatchObject({
      ...{ MetricName: 'WorkersCannotStart', Statistic: 'Maximum', Threshold: 0, EvaluationPeriods: 1 },
    })
    pipeline().resourcePropertiesCountIs('AWS::Events::Rule', { EventPattern: Match.anyValue() }, 0)
  })

  test("ring when the day's budget is reached, where there is one", () => {
    expect(alarm('BudgetReached')).toBeUndefined()
    expect(alarm('BudgetReached', { maxUsdPerDay: 20 })).toMatchObject({
      ...{ MetricName: 'BudgetReached', Statistic: 'Maximum', Threshold: 0 },
    })
  })

  test('are heard by whoever is named, after a confirmation', () => {
    pipeline().resourceCountIs('AWS::SNS::Subscription', 0)
    pipeline({ alarmEmail: 'alarms@example.com' }).hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'alarms@example.com',
    })
  })

  test('can be sent under the KMS key: CloudWatch may use it', () => {
    const { storage } = synthesize(VARIANTS.kms)

    storage.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: Match.arrayWith(['cloudwatch.amazonaws.com']) },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    })
  })

  test('are published by CloudWatch of this account alone', () => {
    const policies = Object.entries(pipeline().findResources('AWS::SNS::TopicPolicy'))
    const [, policy] = policies.find(([id]) => id.startsWith('AlarmTopic')) ?? []
    const statements: readonly { Principal: object; Condition?: object; Effect: string }[] =
      policy?.['Properties'].PolicyDocument.Statement

    const allowed = statements.filter(({ Effect }) => Effect === 'Allow')
    expect(allowed.map(({ Principal, Condition }) => [Principal, Condition])).toEqual([
      [
        { Service: 'cloudwatch.amazonaws.com' },
        { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      ],
    ])
  })
})

describe('the dashboard', () => {
  const body = (keys = {}) =>
    JSON.stringify(Object.values(pipeline(keys).findResources('AWS::CloudWatch::Dashboard'))[0])

  test.each([
    'Backlog, clips',
    'Workers',
    'Age of the oldest, and time from submit to work, s',
    'Clips in five minutes',
    'Seconds a clip',
    'US dollars a clip',
    'GPU use, % of what is paid for',
    'Failures by class',
    'Again and in vain',
  ])('shows: %s', (title) => {
    expect(body()).toContain(title)
  })

  test('counts the workers of each kind that there is', () => {
    expect([body().includes('ECS, ordered'), body().includes('AWS Batch, active')]).toEqual([true, true])
    expect(body({ compute: 'ec2' })).not.toContain('AWS Batch, active')
    expect(body({ compute: 'batch' })).not.toContain('ECS, ordered')
  })

  test('tells failures apart by the classes that records have', () => {
    for (const name of ['invalid-input', 'quality', 'does-not-fit', 'exhausted'])
      expect(body()).toContain(name)
  })
})

describe('what `cdk deploy` prints', () => {
  test('is where everything is, and what to do with it', () => {
    const outputs = pipeline().toJSON()['Outputs'] as Readonly<Record<string, { Value: unknown }>>
    const text = (id: string): string => {
      const value = outputs[id]?.Value
      return typeof value === 'string' ? value : JSON.stringify(value)
    }

    expect(Object.keys(outputs)).toEqual(
      expect.arrayContaining([
        'InputBucket',
        'OutputBucket',
        'ModelsBucket',
        'JobsQueueUrl',
        'DeadLetterQueueUrl',
      ]),
    )
    expect(text('Environment')).toMatch(/^.*export SVD_INPUT_BUCKET=/)
    expect(text('PushModel')).toBe('npx svd models push svd-xt --variant fp16 --id svd-xt')
    expect(text('Watch')).toBe('npx svd watch')
  })

  const output = (id: string, keys = {}): string =>
    JSON.stringify((pipeline(keys).toJSON()['Outputs'] as Record<string, { Value: unknown }>)[id]?.Value)

  test('names files that are there: a sample, and the checkpoint of the demo', () => {
    const [, image = ''] = /aws s3 cp (\S+) s3:/.exec(output('DropPicture')) ?? []
    const [, checkpoint = ''] =
      /models push (\S+) --id demo/.exec(output('PushModel', { modelId: 'demo' })) ?? []

    for (const file of [image, checkpoint])
      expect([file, existsSync(inRepository(file))]).toEqual([file, true])
  })

  test('leaves the checkpoint of a model of one’s own to be filled in', () => {
    expect(output('PushModel', { modelId: 'look-2' })).toBe('"npx svd models push CHECKPOINT --id look-2"')
  })

  test('tells svd doctor which machines the deployment starts', () => {
    expect(output('Environment', { device: 'cpu', modelId: 'demo' })).toContain(
      'SVD_INSTANCE_TYPES=c7i.xlarge,m7i.xlarge,c7a.xlarge',
    )
  })
})
