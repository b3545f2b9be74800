import { expect, test } from 'vitest'
import { parseIngestEnvironment } from '../../../functions/ingest/environment.ts'

const GOOD = {
  SVD_INPUT_BUCKET: 'input',
  SVD_OUTPUT_BUCKET: 'output',
  SVD_MODELS_BUCKET: 'models',
  SVD_JOBS_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/jobs',
  SVD_MODEL_ID: 'svd-xt-1-1',
}

test('the environment names buckets, queue and model', () => {
  expect(parseIngestEnvironment({ ...GOOD, PATH: '/bin' })).toEqual({
    metricsNamespace: 'SvdBatch',
    inputBucket: 'input',
    outputBucket: 'output',
    modelsBucket: 'models',
    jobsQueueUrl: GOOD.SVD_JOBS_QUEUE_URL,
    modelId: 'svd-xt-1-1',
    defaultSize: 'auto',
    limits: { maxJobWork: 40_000_000_000, maxManifestClips: 10_000 },
  })
})

test('the environment may set the limits of a job and of a manifest', () => {
  const limits = { SVD_MAX_JOB_WORK: '5000', SVD_MAX_MANIFEST_CLIPS: '7' }
  expect(parseIngestEnvironment({ ...GOOD, ...limits }).limits).toEqual({
    maxJobWork: 5000,
    maxManifestClips: 7,
  })
  expect(() => parseIngestEnvironment({ ...GOOD, SVD_MAX_JOB_WORK: '' })).toThrow('SVD_MAX_JOB_WORK')
  expect(() => parseIngestEnvironment({ ...GOOD, SVD_MAX_MANIFEST_CLIPS: '10001' })).toThrow(
    'SVD_MAX_MANIFEST_CLIPS',
  )
})

test("the environment may set the model's size as default for requests without a size", () => {
  expect(parseIngestEnvironment({ ...GOOD, SVD_DEFAULT_SIZE: 'model' }).defaultSize).toBe('model')
  expect(() => parseIngestEnvironment({ ...GOOD, SVD_DEFAULT_SIZE: 'fill' })).toThrow('SVD_DEFAULT_SIZE')
})

test.each(Object.keys(GOOD))('an environment without %s is refused', (name) => {
  expect(() => parseIngestEnvironment({ ...GOOD, [name]: undefined })).toThrow(name)
  expect(() => parseIngestEnvironment({ ...GOOD, [name]: '' })).toThrow(name)
})

test('the environment refuses a model id that is a path', () => {
  expect(() => parseIngestEnvironment({ ...GOOD, SVD_MODEL_ID: '../other' })).toThrow('SVD_MODEL_ID')
})
