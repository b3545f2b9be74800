import { describe, expect, test } from 'vitest'
import { parseDispatchEnvironment } from '../../../functions/dispatch/environment.ts'

const COMMON = {
  SVD_JOBS_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/jobs',
  SVD_OUTPUT_BUCKET: 'output',
  SVD_MODELS_BUCKET: 'models',
  SVD_MODEL_ID: 'svd-xt',
  SVD_CLIPS_PER_WORKER: '10',
  SVD_MAX_WORKERS: '50',
  SVD_GPUS_PER_MACHINE: '1',
}
const BATCH = {
  SVD_BATCH_JOB_QUEUE: 'arn:aws:batch:eu-central-1:111122223333:job-queue/workers',
  SVD_BATCH_JOB_DEFINITION: 'worker:3',
  SVD_BATCH_USD_PER_HOUR: '1.861',
}
const ECS = { SVD_ECS_CLUSTER: 'cluster', SVD_ECS_SERVICE: 'worker', SVD_ECS_USD_PER_HOUR: '1.333' }
const GOOD = { ...COMMON, ...BATCH }

test('the environment names queues, buckets, model, job definition and limits', () => {
  expect(parseDispatchEnvironment({ ...GOOD, PATH: '/bin' })).toEqual({
    metricsNamespace: 'SvdBatch',
    jobsQueueUrl: GOOD.SVD_JOBS_QUEUE_URL,
    ...{ outputBucket: 'output', modelsBucket: 'models', modelId: 'svd-xt' },
    batch: { jobQueue: BATCH.SVD_BATCH_JOB_QUEUE, jobDefinition: 'worker:3', usdPerHour: 1.861 },
    ecs: null,
    ...{ clipsPerWorker: 10, maxWorkers: 50, gpusPerMachine: 1 },
    maxUsdPerDay: null,
  })
})

test('the environment names an ECS service and a daily budget', () => {
  expect(parseDispatchEnvironment({ ...COMMON, ...ECS, SVD_MAX_USD_PER_DAY: '20.5' })).toMatchObject({
    batch: null,
    ecs: { cluster: 'cluster', service: 'worker', usdPerHour: 1.333 },
    maxUsdPerDay: 20.5,
  })
})

test.each(Object.keys(GOOD))('an environment without %s is refused', (name) => {
  expect(() => parseDispatchEnvironment({ ...GOOD, [name]: undefined })).toThrow(name)
  expect(() => parseDispatchEnvironment({ ...GOOD, [name]: '' })).toThrow(name)
})

describe('the environment of dispatch', () => {
  test.each(Object.keys(ECS))('is refused when it has ECS but not %s', (name) => {
    expect(() => parseDispatchEnvironment({ ...GOOD, ...ECS, [name]: undefined })).toThrow(name)
  })

  test('must name at least one fleet', () => {
    expect(() => parseDispatchEnvironment(COMMON)).toThrow('there are no workers to start')
  })
})

test.each(['0', '-1', '2.5', '1e3', ' 10', 'ten'])('the worker limit %j is refused', (value) => {
  expect(() => parseDispatchEnvironment({ ...GOOD, SVD_MAX_WORKERS: value })).toThrow('from 1 to 99999')
})

test.each(['-1', '1e3', 'twenty', '$20'])('the daily budget %j is refused', (value) => {
  expect(() => parseDispatchEnvironment({ ...GOOD, SVD_MAX_USD_PER_DAY: value })).toThrow(
    'must be US dollars',
  )
})
