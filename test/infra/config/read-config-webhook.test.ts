import { describe, expect, test } from 'vitest'
import { readConfig } from '../../../infra/config/read-config.ts'
import { faultsOf } from './faults-of.ts'

describe('the configuration of a deployment', () => {
  test('takes a webhook with its URL and the names of its secrets', () => {
    const context = {
      'svd:webhookUrl': 'https://hooks.example.com:8443/svd?tenant=a%20b',
      'svd:webhookApiKeySecret': 'svd/webhook-key',
      'svd:webhookHmacSecret': 'arn:aws:secretsmanager:us-east-1:111122223333:secret:svd/hmac-a1B2c3',
      'svd:webhookPerSecond': '300',
    }

    expect(readConfig(context)).toMatchObject({
      webhookUrl: context['svd:webhookUrl'],
      webhookHmacSecret: context['svd:webhookHmacSecret'],
      webhookPerSecond: 300,
    })
  })

  test.each([
    [
      { 'svd:webhookUrl': 'http://example.com/hooks' },
      "  svd:webhookUrl: got 'http://example.com/hooks'; must be an HTTPS address such as https://example.com/hooks/svd, or empty",
    ],
    [
      { 'svd:webhookUrl': 'https://example.com/*' },
      "  svd:webhookUrl: got 'https://example.com/*'; must be an HTTPS address such as https://example.com/hooks/svd, or empty",
    ],
    [
      { 'svd:webhookHmacSecret': 'my secret' },
      "  svd:webhookHmacSecret: got 'my secret'; must be the name of a secret in Secrets Manager, or its whole ARN, or empty",
    ],
    [
      { 'svd:webhookPerSecond': '301' },
      "  svd:webhookPerSecond: got '301'; must be a whole number from 1 to 300",
    ],
    [
      { 'svd:webhookUrl': 'https://example.com/hooks' },
      '  svd:webhookApiKeySecret: must be given with webhookUrl: the receiver knows the sender by this key. Store one with aws secretsmanager create-secret',
    ],
    [
      { 'svd:webhookHmacSecret': 'svd/hmac' },
      "  svd:webhookHmacSecret: got 'svd/hmac'; has no effect without webhookUrl; give both or none",
    ],
    [
      {
        'svd:webhookUrl': 'https://example.com/hooks',
        ...{ 'svd:webhookApiKeySecret': 'svd/one', 'svd:webhookHmacSecret': 'svd/one' },
      },
      "  svd:webhookHmacSecret: got 'svd/one'; must be another secret than webhookApiKeySecret, which is sent with each request; store a second one",
    ],
  ])('is refused when a webhook is not possible: %j', (context, fault) => {
    expect(faultsOf(context)).toContain(fault)
  })
})
