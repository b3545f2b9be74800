/*
 * How EventBridge delivers to the webhook, and the most that it costs. infra deploys these figures; the tests run a
 * receiver that is down against them.
 *
 * "By default, EventBridge retries sending the event for 24 hours and up to 185 times with an exponential back off and
 * jitter, or randomized delay." (EventBridge user guide, "How EventBridge retries delivering events")
 * "Events associated with error codes 401, 407, 409, 429, and 5xx are retried." "1xx, 2xx, 3xx, and 4xx (other than those
 * noted above) aren't retried." (as before, "API destinations as targets", error codes)
 * "EventBridge requests to an API destination endpoint must have a maximum client execution timeout of 5 seconds." (same)
 */

export const WEBHOOK_RETRIES = 185
export const WEBHOOK_HOURS = 24
/** EventBridge ends a request after so long, and counts it as failed. */
export const WEBHOOK_TIMEOUT_SECONDS = 5

/** US dollars, us-east-1; public price lists of 2026. */
export const WEBHOOK_PRICES = {
  /** A request of up to 64 KB to an API destination. */
  invocation: 0.2 / 1e6,
  /** From AWS to the internet, after the first 100 GB of a month. */
  egressGigabyte: 0.09,
  sqsRequest: 0.4 / 1e6,
} as const

const CHUNK_BYTES = 64 * 1024

/** US dollars of one request to the webhook. */
export const usdPerDelivery = (eventBytes: number): number =>
  Math.ceil(eventBytes / CHUNK_BYTES) * WEBHOOK_PRICES.invocation +
  (eventBytes / 1e9) * WEBHOOK_PRICES.egressGigabyte

/**
 * The most that one event may cost, in US dollars: its receiver takes it at no attempt, and it becomes a dead-letter
 * message, which is sent, received and deleted. Events are delivered again rarely while a receiver answers in time.
 */
export const maxUsdPerEvent = (eventBytes: number): number =>
  (1 + WEBHOOK_RETRIES) * usdPerDelivery(eventBytes) +
  3 * Math.ceil(eventBytes / CHUNK_BYTES) * WEBHOOK_PRICES.sqsRequest

/**
 * The most that the webhook may cost in a day, in US dollars, whatever its receiver does: EventBridge makes at most
 * `perSecond` requests a second, and each event becomes a dead-letter message once.
 */
export const maxUsdPerDay = (perSecond: number, events: number, eventBytes: number): number =>
  Math.min(
    events * maxUsdPerEvent(eventBytes),
    perSecond * 86_400 * usdPerDelivery(eventBytes) +
      events * 3 * Math.ceil(eventBytes / CHUNK_BYTES) * WEBHOOK_PRICES.sqsRequest,
  )
