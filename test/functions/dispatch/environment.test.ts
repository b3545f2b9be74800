import { expect, test } from 'vitest'
import { parseEnvironment } from '../../../functions/dispatch/environment.ts'

const GOOD = {
  SVD_JOBS_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/jobs',
  SVD_OUTPUT_BUCKET: 'output',
  SVD_BATCH_JOB_QUEUE: 'arn:aws:batch:eu-central-1:111122223333:job-queue/workers',
  SVD_BATCH_JOB_DEFINITION: 'worker:3',
  SVD_CLIPS_PER_WORKER: '10',
  SVD_MAX_WORKERS: '50',
}

test('the environment names queues, bucket, definition and limits', () => {
  expect(parseEnvironment({ ...GOOD, PATH: '/bin' })).toEqual({
    metricsNamespace: 'SvdBatch',
    jobsQueueUrl: GOOD.SVD_JOBS_QUEUE_URL,
    outputBucket: 'output',
    batchJobQueue: GOOD.SVD_BATCH_JOB_QUEUE,
    batchJobDefinition: 'worker:3',
    clipsPerWorker: 10,
    maxWorkers: 50,
  })
})

test.each(Object.keys(GOOD))('without %s nothing starts', (name) => {
  expect(() => parseEnvironment({ ...GOOD, [name]: undefined })).toThrow(name)
  expect(() => parseEnvironment({ ...GOOD, [name]: '' })).toThrow(name)
})

test.each(['0', '-1', '2.5', '1e3', ' 10', 'ten'])('%j is no number of workers', (value) => {
  expect(() => parseEnvironment({ ...GOOD, SVD_MAX_WORKERS: value })).toThrow('from 1 to 99999')
})
