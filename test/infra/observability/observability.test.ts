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

describe('the alarms', () => {
  test('are the listed ones', () => {
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

  test('notify one topic, and their descriptions say what is wrong and what to check', () => {
    for (const { id, AlarmActions, AlarmDescription, TreatMissingData } of notEmpty(
      alarms({ maxUsdPerDay: 20 }),
    )) {
      expect(AlarmActions).toEqual([{ Ref: expect.stringMatching(/^AlarmTopic/) }])
      expect(AlarmDescription).toMatch(/^svd-batch: .{30,}\.$/)
      expect(TreatMissingData).toBe(id === 'DispatchSilent' ? 'breaching' : 'notBreaching')
    }
  })

  test('are raised by one dead-letter message, visible or in flight, in two of three periods', () => {
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

  test('are raised by one error of ingest, and by errors of dispatch in two of three periods', () => {
    expect(alarm('IngestErrors')).toMatchObject({ Threshold: 0, EvaluationPeriods: 1 })
    expect(alarm('DispatchErrors')).toMatchObject({
      ...{ Threshold: 0, EvaluationPeriods: 3, DatapointsToAlarm: 2 },
    })
  })

  test('are raised when a webhook fails for 15 minutes, if there is a webhook', () => {
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

  test('are raised when a job waits longer than alarmHours', () => {
    expect(alarm('JobsWaitLong', { alarmHours: 6 })).toMatchObject({
      MetricName: 'ApproximateAgeOfOldestMessage',
      Threshold: 6 * 3600,
    })
  })

  test('are raised when a job waits for another model, and name the model of the workers', () => {
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

  test('are raised when clips wait and none has succeeded or failed for half an hour', () => {
    const { Metrics, EvaluationPeriods, Threshold } = alarm('NothingDone')!

    expect(Metrics[0].Expression).toBe('IF(done > 0, 0, backlog)')
    expect([Threshold, EvaluationPeriods]).toEqual([0, 6])
    expect(
      Metrics.slice(1).every(
        ({ MetricStat }: { MetricStat: { Period: number } }) => MetricStat.Period === 300,
      ),
    ).toBe(true)
  })

  test('are raised when dispatch emits nothing for ten minutes, and are created after its schedule', () => {
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

  test('report workers that cannot start by one metric, and by no EventBridge rule', () => {
    expect(alarm('WorkersCannotStart')).toMatchObject({
      ...{ MetricName: 'WorkersCannotStart', Statistic: 'Maximum', Threshold: 0, EvaluationPeriods: 1 },
    })
    pipeline().resourcePropertiesCountIs('AWS::Events::Rule', { EventPattern: Match.anyValue() }, 0)
  })

  test('are raised when the daily budget is reached, if there is a budget', () => {
    expect(alarm('BudgetReached')).toBeUndefined()
    expect(alarm('BudgetReached', { maxUsdPerDay: 20 })).toMatchObject({
      ...{ MetricName: 'BudgetReached', Statistic: 'Maximum', Threshold: 0 },
    })
  })

  test('are sent to the configured email address, if there is one', () => {
    pipeline().resourceCountIs('AWS::SNS::Subscription', 0)
    pipeline({ alarmEmail: 'alarms@example.com' }).hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'alarms@example.com',
    })
  })

  test('can be published with the KMS key, because CloudWatch may use it', () => {
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

  test('can be published only by CloudWatch of this account', () => {
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
  ])('shows the widget: %s', (title) => {
    expect(body()).toContain(title)
  })

  test('counts the workers of each fleet in the deployment', () => {
    expect([body().includes('ECS, ordered'), body().includes('AWS Batch, active')]).toEqual([true, true])
    expect(body({ compute: 'ec2' })).not.toContain('AWS Batch, active')
    expect(body({ compute: 'batch' })).not.toContain('ECS, ordered')
  })

  test('distinguishes failures by the classes of result records', () => {
    for (const name of ['invalid-input', 'quality', 'does-not-fit', 'exhausted'])
      expect(body()).toContain(name)
  })
})

describe('the outputs of `cdk deploy`', () => {
  test('name buckets and queues, and the commands to use them', () => {
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

  test('name a sample image and the demo checkpoint, which exist', () => {
    const [, image = ''] = /aws s3 cp (\S+) s3:/.exec(output('DropPicture')) ?? []
    const [, checkpoint = ''] =
      /models push (\S+) --id demo/.exec(output('PushModel', { modelId: 'demo' })) ?? []

    for (const file of [image, checkpoint])
      expect([file, existsSync(inRepository(file))]).toEqual([file, true])
  })

  test('have the placeholder CHECKPOINT for a model that svd does not know', () => {
    expect(output('PushModel', { modelId: 'look-2' })).toBe('"npx svd models push CHECKPOINT --id look-2"')
  })

  test('have the instance types of the deployment for svd doctor', () => {
    expect(output('Environment', { device: 'cpu', modelId: 'demo' })).toContain(
      'SVD_INSTANCE_TYPES=c7i.xlarge,m7i.xlarge,c7a.xlarge',
    )
  })
})
