import { expect, test } from 'vitest'
import { parseNotifyEnvironment } from '../../../functions/notify/environment.ts'

const GOOD = {
  SVD_OUTPUT_BUCKET: 'output',
  SVD_EVENT_BUS_ARN: 'arn:aws:events:eu-central-1:111122223333:event-bus/svd',
  SVD_EVENT_TOPIC_ARN: 'arn:aws:sns:eu-central-1:111122223333:svd',
}

test('the environment names bucket, event bus and topic', () => {
  expect(parseNotifyEnvironment({ ...GOOD, PATH: '/bin' })).toEqual({
    metricsNamespace: 'SvdBatch',
    outputBucket: 'output',
    eventBusArn: GOOD.SVD_EVENT_BUS_ARN,
    eventTopicArn: GOOD.SVD_EVENT_TOPIC_ARN,
    hmacSecretId: null,
  })
})

test('the environment may name the secret that signs events', () => {
  expect(parseNotifyEnvironment({ ...GOOD, SVD_WEBHOOK_HMAC_SECRET: 'svd/hmac' }).hmacSecretId).toBe(
    'svd/hmac',
  )
  expect(() => parseNotifyEnvironment({ ...GOOD, SVD_WEBHOOK_HMAC_SECRET: '' })).toThrow(
    'SVD_WEBHOOK_HMAC_SECRET',
  )
})

test.each(Object.keys(GOOD))('an environment without %s is refused', (name) => {
  expect(() => parseNotifyEnvironment({ ...GOOD, [name]: undefined })).toThrow(name)
  expect(() => parseNotifyEnvironment({ ...GOOD, [name]: '' })).toThrow(name)
})

test('the environment refuses a topic as event bus', () => {
  const swapped = { ...GOOD, SVD_EVENT_BUS_ARN: GOOD.SVD_EVENT_TOPIC_ARN }
  expect(() => parseNotifyEnvironment(swapped)).toThrow('must be an ARN of events')
})
