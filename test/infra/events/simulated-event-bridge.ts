import { WEBHOOK_HOURS, WEBHOOK_RETRIES } from '../../../infra/events/webhook-delivery.ts'
import type { VirtualTime } from '../../fixtures/virtual-time.ts'

/**
 * An HTTP status, or `timeout` for an answer that comes later than in five seconds: "If the target endpoint takes longer
 * than 5 seconds to respond, EventBridge times out the request. EventBridge retries timed out requests" (EventBridge user
 * guide, "API destinations as targets"). `unreachable` is a connection that fails: CONNECTION_FAILURE is an error code of
 * dead-letter messages (as before, "Using dead-letter queues").
 */
export type WebhookAnswer = number | 'timeout' | 'unreachable'

export interface EventBridgeOptions {
  readonly time: VirtualTime
  /** Draws numbers from 0 to 1, exclusive. */
  readonly random: () => number
  readonly send: (body: string) => Promise<WebhookAnswer>
}

export interface SimulatedEventBridge {
  /** Accepts an event. The first attempt is made at once. */
  accept(body: string): void
  /** Attempts of each event, in the order of acceptance. */
  readonly attempts: readonly number[]
  readonly deadLetters: readonly string[]
  isIdle(): boolean
}

/** "Events associated with error codes 401, 407, 409, 429, and 5xx are retried." (user guide, as above) */
const isRetried = (answer: WebhookAnswer): boolean =>
  typeof answer === 'string' || [401, 407, 409, 429].includes(answer) || answer >= 500

const isDelivered = (answer: WebhookAnswer): boolean =>
  typeof answer === 'number' && answer >= 200 && answer < 300

/**
 * Retries of an API destination: "for 24 hours and up to 185 times with an exponential back off and jitter, or randomized
 * delay"; after that events "are sent to your dead-letter queue". "In rare cases, […] the same target can be invoked more
 * than once for a given triggered rule" (user guide, troubleshooting).
 * AWS documents no delays. The model doubles them from a drawn first delay up to a drawn longest one, at which 185 retries
 * take about 24 hours or longer, as the two limits suggest. Each delay is between half and all of that.
 */
export const openSimulatedEventBridge = ({
  time,
  random,
  send,
}: EventBridgeOptions): SimulatedEventBridge => {
  const firstMs = 500 + random() * 30_000
  const longestMs = ((WEBHOOK_HOURS * 3_600_000) / WEBHOOK_RETRIES) * (1 + random() * 2)
  const attempts: number[] = []
  const deadLetters: string[] = []
  let open = 0

  const attempt = async (index: number, body: string, acceptedMs: number): Promise<void> => {
    attempts[index] = (attempts[index] ?? 0) + 1
    const answer = await send(body)
    if (isDelivered(answer)) {
      open--
      return
    }
    const retries = (attempts[index] ?? 1) - 1
    const delayMs = Math.min(longestMs, firstMs * 2 ** retries) * (0.5 + random() / 2)
    const isInTime = time.nowMs() + delayMs <= acceptedMs + WEBHOOK_HOURS * 3_600_000
    if (!isRetried(answer) || retries >= WEBHOOK_RETRIES || !isInTime) {
      deadLetters.push(body)
      open--
      return
    }
    time.after(delayMs, () => void attempt(index, body, acceptedMs))
  }

  return {
    ...{ attempts, deadLetters },
    accept(body) {
      open++
      const index = attempts.push(0) - 1
      const acceptedMs = time.nowMs()
      time.after(0, () => void attempt(index, body, acceptedMs))
      if (random() < 0.01) {
        open++
        time.after(random() * 60_000, () => void attempt(index, body, acceptedMs))
      }
    },
    isIdle: () => open === 0,
  }
}
