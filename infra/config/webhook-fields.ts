import { z } from 'zod'
import { wholeNumber } from './whole-number.ts'

/** Stricter than EventBridge, which allows a `*` in a path as well. A rule would have to put a value in its place. */
const HTTPS_URL = /^https:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?(\/[-()_.!~';/?:@&=+$,%A-Za-z0-9]*)?$/

const webhookUrlSchema = z
  .string()
  .max(2048, 'must have at most 2048 characters')
  .regex(
    new RegExp(`^$|${HTTPS_URL.source}`),
    'must be an HTTPS address such as https://example.com/hooks/svd, or empty',
  )

/** Characters that Secrets Manager allows in a name: A-Z, a-z, 0-9 and /_+=.@- (its API reference, CreateSecret). */
const secretSchema = z
  .string()
  .regex(
    /^$|^[A-Za-z0-9/_+=.@-]{1,512}$|^arn:[\w-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$/,
    'must be the name of a secret in Secrets Manager, or its whole ARN, or empty',
  )

/**
 * "The maximum number of invocations per second to send to each API destination endpoint per account per Region", 300 unless
 * AWS raises it (EventBridge user guide, quotas).
 */
const MAX_PER_SECOND = 300

export const WEBHOOK_FIELDS = {
  notifyConcurrency: wholeNumber(2, 1000)
    .default(2)
    .describe(
      'Functions that announce written results and reports side by side, at most. Two announce some 250,000 clips a day.',
    ),
  webhookUrl: webhookUrlSchema
    .default('')
    .describe(
      'HTTPS address that gets each event as a POST: ended requests and batches, rejected uploads. Empty: none; EventBridge and SNS have the events all the same.',
    ),
  webhookApiKeySecret: secretSchema
    .default('')
    .describe(
      'The secret in Secrets Manager whose text EventBridge sends to webhookUrl as the header x-api-key: a name or an ARN. It is read at deploy.',
    ),
  webhookHmacSecret: secretSchema
    .default('')
    .describe(
      'The secret in Secrets Manager with which events are signed, of at least 32 characters: a name or an ARN. The webhook then gets the signed text of an event. Empty: it gets the event, unsigned.',
    ),
  webhookPerSecond: wholeNumber(1, MAX_PER_SECOND)
    .default(10)
    .describe(
      'The most requests a second that webhookUrl gets. Events that wait for longer than 24 hours become dead-letter messages.',
    ),
} as const
