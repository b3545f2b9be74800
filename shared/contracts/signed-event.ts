import { z } from 'zod'
import { timestampSchema } from './job-message.ts'

/*
 * The body of a webhook where a secret is configured. EventBridge parses the JSON of an event and writes it again before it
 * sends it to an API destination. Names may then come in another order and numbers in another form, but a string keeps its
 * characters. So the signature is of a string: the event's JSON text, in `payload`.
 */

export const signedEventSchema = z.strictObject({
  signed_at: timestampSchema.describe('when notify signed the event; retries of EventBridge keep it'),
  payload: z.string().describe('JSON text of the event'),
  hmac_sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('HMAC-SHA256 of "signed_at.payload" with the shared secret, in UTF-8; hexadecimal'),
})

export type SignedEvent = z.infer<typeof signedEventSchema>
