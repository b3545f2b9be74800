import { backOffSeconds, QUEUE_BACK_OFF } from '../../shared/back-off.ts'
import type { Clock } from '../../shared/clock.ts'
import type { MessageQueue, ReceivedMessage } from '../../shared/ports/message-queue.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import { reasonOf } from '../jobs/reason-of.ts'
import type { WorkerLogEvent } from '../telemetry/worker-event.ts'

export interface Received {
  readonly message: ReceivedMessage
  /** Time before the request, on the clock's `elapsedMs`. */
  readonly requestedMs: number
  /** Time after the request, on the clock's `elapsedMs`. */
  readonly arrivedMs: number
  /** Whether the queue was empty when this request began, or at the request before. */
  readonly awaited: boolean
}

export interface ReceivingDeps {
  readonly jobs: MessageQueue
  readonly clock: Clock
  readonly random: () => number
  readonly onEvent: (event: WorkerLogEvent) => void
  readonly onBeat?: () => void
}

/**
 * Receives a message; `null` if none came, the queue cannot be reached, or `signal` aborted. It waits before it
 * returns `null`, so that the caller may ask again at once. Never throws.
 */
export type ReceiveMessage = (
  options: { readonly waitSeconds: number; readonly visibilitySeconds: number },
  signal: AbortSignal,
) => Promise<Received | null>

/** Time for the queue's answer, in addition to the long poll. */
const ANSWER_LIMIT_MS = 10_000
/** A receive from a queue that has messages is faster than this. Also the least time of one that finds nothing. */
const PROMPT_MS = 1_000

export const openReceiver = ({
  jobs,
  clock,
  random,
  onEvent,
  onBeat = () => {},
}: ReceivingDeps): ReceiveMessage => {
  let failures = 0
  let cameEmpty = false

  return async ({ waitSeconds, visibilitySeconds }, signal) => {
    const requestedMs = clock.elapsedMs()
    try {
      const [message] = await withTimeLimit(
        { clock, limitMs: waitSeconds * 1000 + ANSWER_LIMIT_MS, signal },
        (within) => jobs.receive({ maxMessages: 1, waitSeconds, visibilitySeconds }, within),
      )
      failures = 0
      onBeat()
      const arrivedMs = clock.elapsedMs()
      const tookMs = arrivedMs - requestedMs
      if (message === undefined) {
        cameEmpty = true
        await clock.sleep(Math.max(0, PROMPT_MS - tookMs), signal)
        return null
      }
      const awaited = cameEmpty || tookMs > PROMPT_MS
      cameEmpty = false
      return { message, requestedMs, arrivedMs, awaited }
    } catch (error) {
      if (signal.aborted) return null
      failures++
      const retryInSeconds = backOffSeconds(failures, QUEUE_BACK_OFF, random)
      onEvent({ type: 'queue-unreachable', reason: reasonOf(error), retryInSeconds })
      await clock.sleep(retryInSeconds * 1000, signal).catch(() => {})
      return null
    }
  }
}
