import { describe, expect, test } from 'vitest'
import { INGEST_TIMEOUT_SECONDS } from '../../../functions/ingest/event-times.ts'
import { NOTIFY_TIMEOUT_SECONDS } from '../../../functions/notify/event-times.ts'
import { notEmpty } from '../../fixtures/not-empty.ts'
import { synthesize, VARIANTS } from '../synthesized.ts'

const properties = (type: string, keys = {}) =>
  Object.entries(synthesize({ compute: 'batch', ...keys }).pipeline.findResources(type)).map(
    ([id, { Properties }]) => ({ id, ...Properties }),
  )
const lambda = (prefix: string, keys = {}) =>
  properties('AWS::Lambda::Function', keys).find(({ id }) => id.startsWith(prefix))

describe('every function', () => {
  test('runs on Node 24, is traced, and has a log with a retention period', () => {
    for (const { Runtime, TracingConfig, LoggingConfig } of notEmpty(properties('AWS::Lambda::Function'))) {
      expect(Runtime).toBe('nodejs24.x')
      expect(TracingConfig).toEqual({ Mode: 'Active' })
      expect(LoggingConfig.LogGroup.Ref).toMatch(/Log[0-9A-F]{8}$/)
    }
    for (const { RetentionInDays } of notEmpty(properties('AWS::Logs::LogGroup', { logDays: 7 }))) {
      expect(RetentionInDays).toBe(7)
    }
  })
})

describe('the ingest function', () => {
  test('gets exactly the environment variables that it needs', () => {
    const { Variables } = lambda('Ingest')!.Environment

    expect(Object.keys(Variables).toSorted()).toEqual([
      'MALLOC_ARENA_MAX',
      'NODE_OPTIONS',
      'SVD_DEFAULT_SIZE',
      'SVD_INPUT_BUCKET',
      'SVD_JOBS_QUEUE_URL',
      'SVD_MAX_JOB_WORK',
      'SVD_MAX_MANIFEST_CLIPS',
      'SVD_METRICS_NAMESPACE',
      'SVD_MODELS_BUCKET',
      'SVD_MODEL_ID',
      'SVD_OUTPUT_BUCKET',
    ])
    expect(Variables).toMatchObject({ MALLOC_ARENA_MAX: '2', SVD_MODEL_ID: 'svd-xt' })
  })

  test("gets the deployment's limits of a job and of a manifest", () => {
    expect(lambda('Ingest')!.Environment.Variables).toMatchObject({
      SVD_MAX_JOB_WORK: '40000000000',
      SVD_MAX_MANIFEST_CLIPS: '10000',
    })
    const keys = { maxJobWork: '5e11', maxManifestClips: 7 }
    expect(lambda('Ingest', keys)!.Environment.Variables).toMatchObject({
      SVD_MAX_JOB_WORK: '500000000000',
      SVD_MAX_MANIFEST_CLIPS: '7',
    })
  })

  test('has memory for the largest image and time for the largest manifest', () => {
    expect(lambda('Ingest')).toMatchObject({ MemorySize: 3008, Timeout: INGEST_TIMEOUT_SECONDS })
  })

  test('reads S3 events from their queue, reports failures one by one, and has a maximum concurrency', () => {
    const source = properties('AWS::Lambda::EventSourceMapping', { ingestConcurrency: 25 }).find(({ id }) =>
      id.startsWith('Ingest'),
    )

    expect(source).toMatchObject({
      BatchSize: 5,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 25 },
    })
    expect(JSON.stringify(source?.['EventSourceArn'])).toContain('DropsQueue')
  })

  test('has reserved concurrency only when it is configured, because a new account may have none to reserve', () => {
    expect(lambda('Ingest')).not.toHaveProperty('ReservedConcurrentExecutions')
    expect(lambda('Ingest', { ingestReservedConcurrency: 40 })).toMatchObject({
      ReservedConcurrentExecutions: 40,
    })
  })
})

describe('the notify function', () => {
  test('gets exactly its bucket, bus and topic as environment', () => {
    const { Variables } = lambda('Notify')!.Environment

    expect(Object.keys(Variables).toSorted()).toEqual([
      'NODE_OPTIONS',
      'SVD_EVENT_BUS_ARN',
      'SVD_EVENT_TOPIC_ARN',
      'SVD_METRICS_NAMESPACE',
      'SVD_OUTPUT_BUCKET',
    ])
    expect(Variables['SVD_EVENT_BUS_ARN']).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^EventsBus/), 'Arn'],
    })
    expect(Variables['SVD_EVENT_TOPIC_ARN']).toEqual({ Ref: expect.stringMatching(/^EventsTopic/) })
  })

  test('gets the name of the secret that signs events, not the secret itself', () => {
    const { Variables } = lambda('Notify', VARIANTS.webhook)!.Environment

    expect(Variables['SVD_WEBHOOK_HMAC_SECRET']).toBe('svd/webhook-hmac')
  })

  test('reads records from their queue, reports failures one by one, and has a maximum concurrency', () => {
    const source = properties('AWS::Lambda::EventSourceMapping', { notifyConcurrency: 20 }).find(({ id }) =>
      id.startsWith('Notify'),
    )

    expect(source).toMatchObject({
      BatchSize: 5,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 20 },
    })
    expect(JSON.stringify(source?.['EventSourceArn'])).toContain('RecordsQueue')
    expect(lambda('Notify')).toMatchObject({ MemorySize: 1024, Timeout: NOTIFY_TIMEOUT_SECONDS })
  })
})

describe('the dispatch function', () => {
  test('checks the backlog every minute and ends before the next check', () => {
    const rule = properties('AWS::Events::Rule').find(({ id }) => id.startsWith('Dispatch'))

    expect(rule).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [{ RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } }],
    })
    const [invoking] = properties('AWS::Lambda::EventInvokeConfig')
    expect(invoking).toMatchObject({
      FunctionName: { Ref: expect.stringMatching(/^Dispatch/) },
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    })
    expect(lambda('Dispatch')?.Timeout).toBeLessThan(60)
  })

  test("gets the deployment's worker limits as environment", () => {
    const { Variables } = lambda('Dispatch', { clipsPerWorker: 3, maxWorkers: 17 })!.Environment

    expect(Variables).toMatchObject({
      ...{ SVD_CLIPS_PER_WORKER: '3', SVD_MAX_WORKERS: '17', SVD_MODEL_ID: 'svd-xt' },
      SVD_GPUS_PER_MACHINE: '1',
    })
    expect(Object.keys(Variables).toSorted()).toEqual([
      'NODE_OPTIONS',
      ...BATCH_VARIABLES,
      'SVD_CLIPS_PER_WORKER',
      'SVD_GPUS_PER_MACHINE',
      'SVD_JOBS_QUEUE_URL',
      'SVD_MAX_WORKERS',
      'SVD_METRICS_NAMESPACE',
      'SVD_MODELS_BUCKET',
      'SVD_MODEL_ID',
      'SVD_OUTPUT_BUCKET',
    ])
  })

  const BATCH_VARIABLES = ['SVD_BATCH_JOB_DEFINITION', 'SVD_BATCH_JOB_QUEUE', 'SVD_BATCH_USD_PER_HOUR']
  const ECS_VARIABLES = ['SVD_ECS_CLUSTER', 'SVD_ECS_SERVICE', 'SVD_ECS_USD_PER_HOUR']

  test.each([
    ['batch', BATCH_VARIABLES],
    ['ec2', ECS_VARIABLES],
    ['both', [...BATCH_VARIABLES, ...ECS_VARIABLES]],
  ])('manages the fleets of compute=%s', (compute, expected) => {
    const { Variables } = lambda('Dispatch', { compute })!.Environment
    const ofFleets = Object.keys(Variables).filter((name) => /^SVD_(BATCH|ECS)_/.test(name))

    expect(ofFleets.toSorted()).toEqual(expected)
  })

  test('gets the highest possible price of a machine and the daily budget', () => {
    const priced = (keys: object) => lambda('Dispatch', { compute: 'both', ...keys })!.Environment.Variables

    // Of the default types, g6e.2xlarge is the dearest On-Demand, to which Batch falls back, and g6e.xlarge on Spot.
    expect(priced({})).toMatchObject({ SVD_BATCH_USD_PER_HOUR: '2.24208', SVD_ECS_USD_PER_HOUR: '1.333' })
    expect(priced({})).not.toHaveProperty('SVD_MAX_USD_PER_DAY')
    expect(priced({ onDemandBase: 1 })).toMatchObject({ SVD_ECS_USD_PER_HOUR: '2.24208' })
    expect(priced({ device: 'cpu', modelId: 'demo' })).toMatchObject({ SVD_BATCH_USD_PER_HOUR: '0.20528' })
    // There is no Spot price of it in the table.
    expect(priced({ instanceTypes: 'g5.8xlarge' })).toMatchObject({ SVD_ECS_USD_PER_HOUR: '2.448' })
    expect(priced({ usdPerMachineHour: 0.7, maxUsdPerDay: 20.5 })).toMatchObject({
      ...{ SVD_BATCH_USD_PER_HOUR: '0.7', SVD_ECS_USD_PER_HOUR: '0.7', SVD_MAX_USD_PER_DAY: '20.5' },
    })
  })
})
