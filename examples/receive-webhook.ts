import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

/*
 * Receives the pipeline's webhook and prints each event once:
 *
 *   SVD_WEBHOOK_API_KEY=… SVD_WEBHOOK_SECRETS=… node receive-webhook.ts 8080
 *
 * EventBridge sends to HTTPS alone, so that a proxy with a certificate has to be in front of this server. The status
 * decides what EventBridge does with the event:
 *
 *   2xx                          it is delivered
 *   401, 407, 409, 429 and 5xx   EventBridge tries again, for 24 hours
 *   others                       it becomes a dead-letter message at once
 */

/** EventBridge tries for 24 hours with the same signature. An older one is a replay. */
const MAX_AGE_MS = 25 * 3_600_000
/** Two clocks may differ by so much. */
const MAX_AHEAD_MS = 5 * 60_000

export interface WebhookEvent {
  readonly event_id: string
  readonly type: string
}

export interface ReceiverOptions {
  /** Text of the secret that `svd:webhookApiKeySecret` names. */
  readonly apiKey: string
  /** Text of the secret that `svd:webhookHmacSecret` names. While it is replaced: the new and the old one. */
  readonly secrets: readonly string[]
  readonly now: () => Date
  /** Handles an event that did not come before. If it throws, EventBridge delivers the event again. */
  handle(event: WebhookEvent): Promise<void>
}

/** Compares in a time that does not depend on where the texts differ. */
const isEqual = (given: string, expected: string): boolean => {
  const digest = (value: string): Buffer => createHmac('sha256', 'compare').update(value).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

/** Checks and handles one request. Returns its HTTP status. */
export const openReceiver = ({ apiKey, secrets, now, handle }: ReceiverOptions) => {
  /**
   * When each event was handled. A service with several processes keeps this in a database, and writes the id in the same
   * transaction as what it does with the event.
   */
  const handled = new Map<string, number>()

  return async (givenKey: string, body: string): Promise<number> => {
    if (!isEqual(givenKey, apiKey)) return 401
    let signed_at: unknown
    let payload: unknown
    let hmac_sha256: unknown
    try {
      ;({ signed_at, payload, hmac_sha256 } = JSON.parse(body))
    } catch {
      return 400
    }
    if (typeof signed_at !== 'string' || typeof payload !== 'string' || typeof hmac_sha256 !== 'string')
      return 400
    const isSigned = secrets.some((secret) =>
      isEqual(
        hmac_sha256 as string,
        createHmac('sha256', secret).update(`${signed_at}.${payload}`).digest('hex'),
      ),
    )
    // EventBridge tries again, so that no event is lost while the secret is being replaced.
    if (!isSigned) return 401
    const nowMs = now().getTime()
    const ageMs = nowMs - Date.parse(signed_at)
    if (!(ageMs <= MAX_AGE_MS && ageMs >= -MAX_AHEAD_MS)) return 400
    const event: WebhookEvent = JSON.parse(payload)
    for (const [id, atMs] of handled) if (nowMs - atMs > MAX_AGE_MS + MAX_AHEAD_MS) handled.delete(id)
    if (handled.has(event.event_id)) return 204
    handled.set(event.event_id, nowMs)
    try {
      await handle(event)
    } catch {
      handled.delete(event.event_id)
      return 503
    }
    return 204
  }
}

if (import.meta.main) {
  const { SVD_WEBHOOK_API_KEY: apiKey = '', SVD_WEBHOOK_SECRETS: secrets = '' } = process.env
  if (apiKey === '' || secrets === '') throw new Error('set SVD_WEBHOOK_API_KEY and SVD_WEBHOOK_SECRETS')
  const receive = openReceiver({
    ...{ apiKey, secrets: secrets.split(','), now: () => new Date() },
    handle: async (event) => console.log(JSON.stringify(event)),
  })
  const server = createServer(async (request, response) => {
    const status = await receive(`${request.headers['x-api-key'] ?? ''}`, await text(request))
    response.writeHead(status).end()
  })
  server.listen(Number(process.argv[2] ?? 8080), () =>
    console.error(`listens on ${JSON.stringify(server.address())}`),
  )
}
