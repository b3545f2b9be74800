import { expect, test } from 'vitest'
import { parseEnvironment } from '../../../functions/notify/environment.ts'

const GOOD = {
  SVD_OUTPUT_BUCKET: 'output',
  SVD_EVENT_BUS_ARN: 'arn:aws:events:eu-central-1:111122223333:event-bus/svd',
  SVD_EVENT_TOPIC_ARN: 'arn:aws:sns:eu-central-1:111122223333:svd',
}

test('the environment names bucket, bus and topic', () => {
  expect(parseEnvironment({ ...GOOD, PATH: '/bin' })).toEqual({
    metricsNamespace: 'SvdBatch',
    outputBucket: 'output',
    eventBusArn: GOOD.SVD_EVENT_BUS_ARN,
    eventTopicArn: GOOD.SVD_EVENT_TOPIC_ARN,
    hmacSecretId: null,
  })
})

test('the environment may name the secret that signs events', () => {
  expect(parseEnvironment({ ...GOOD, SVD_WEBHOOK_HMAC_SECRET: 'svd/hmac' }).hmacSecretId).toBe('svd/hmac')
  expect(() => parseEnvironment({ ...GOOD, SVD_WEBHOOK_HMAC_SECRET: '' })).toThrow('SVD_WEBHOOK_HMAC_SECRET')
})

test.each(Object.keys(GOOD))('without %s nothing starts', (name) => {
  expect(() => parseEnvironment({ ...GOOD, [name]: undefined })).toThrow(name)
  expect(() => parseEnvironment({ ...GOOD, [name]: '' })).toThrow(name)
})

test('a topic is not a bus', () => {
  const swapped = { ...GOOD, SVD_EVENT_BUS_ARN: GOOD.SVD_EVENT_TOPIC_ARN }
  expect(() => parseEnvironment(swapped)).toThrow('must be an ARN of events')
})
