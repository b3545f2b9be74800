import type { Clock } from '../../shared/clock.ts'
import { LeaseLostError, MAX_LEASE_SECONDS, type MessageQueue } from '../../shared/ports/message-queue.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import type { Lease } from '../jobs/lease.ts'

/*
 *   received                beat            beat         beat fails  again  again        held until
 *      │◀──── beatSeconds ───▶│◀─────────────▶│◀──────────────▶╳──────╳──────╳──────────────▶│ LeaseLostError
 *      │◀─────────────────────┼───────────────┼── visibilitySeconds, from the last that went ▶│
 *      │◀────────────── MAX_LEASE_SECONDS less marginSeconds, however it goes ────── … ───────────▶ LeaseTooLongError
 *
 * A lease counts from the moment before the request, because the queue counts from a later one. A long poll may return
 * a message late in its lease. So the first heartbeat is sent at once then, and a poll is never longer than
 * `longestPollSeconds`.
 */
export interface LeaseOptions {
  readonly beatSeconds: number
  /** Seconds for which the message stays invisible to other workers after a heartbeat. */
  readonly visibilitySeconds: number
  /** Seconds of the longest lease that are left when the job is stopped: enough to record the reason. */
  readonly marginSeconds: number
}

export const LEASE_OPTIONS: LeaseOptions = { beatSeconds: 20, visibilitySeconds: 120, marginSeconds: 60 }

/** Longest long poll of SQS, in seconds. */
const MAX_POLL_SECONDS = 20

/** Whole seconds of a long poll after which two heartbeats of a lease still have time to fail. 1 to 20. */
export const longestPollSeconds = ({ beatSeconds, visibilitySeconds }: LeaseOptions): number =>
  Math.max(1, Math.min(MAX_POLL_SECONDS, Math.floor(visibilitySeconds - 2 * beatSeconds)))

/** The lease is still this worker's, but it ends too soon, and the queue does not extend it any further. */
export class LeaseTooLongError extends Error {
  override readonly name = 'LeaseTooLongError'
}

export interface LeasedMessage {
  readonly receiptHandle: string
  readonly receiveCount: number
  /** Time before the request that returned the message, on the clock's `elapsedMs`. */
  readonly requestedMs: number
}

export interface LeaseDeps {
  readonly clock: Clock
  readonly options: LeaseOptions
  /** Called when the queue has answered a heartbeat. */
  readonly onBeat?: (() => void) | undefined
  /** Signal that ends a heartbeat that is under way; default: only its time limit does. */
  readonly until?: AbortSignal
}

const BEAT_LIMIT_MS = 10_000
/** Time of a receive in milliseconds, above which it was a long poll, so that part of the message's lease is over. */
const PROMPT_MS = 1_000

/** Extends the lease on a message, on a timer of its own, until the message is removed, handed back or lost. */
export const holdLease = (
  queue: MessageQueue,
  { receiptHandle, receiveCount, requestedMs }: LeasedMessage,
  { clock, options, onBeat = () => {}, until = AbortSignal.any([]) }: LeaseDeps,
): Lease => {
  const { beatSeconds, visibilitySeconds, marginSeconds } = options
  const longestMs = requestedMs + MAX_LEASE_SECONDS * 1000
  const stop = new AbortController()
  const ended = new AbortController()
  let heldUntilMs = requestedMs + visibilitySeconds * 1000
  let lost: LeaseLostError | null = null

  const lose = (error: LeaseLostError): void => {
    lost ??= error
    ended.abort('lost')
    stop.abort(lost)
  }
  const loseIfOver = (): void => {
    if (clock.elapsedMs() >= heldUntilMs)
      lose(new LeaseLostError('the message could not be kept out of sight of other workers'))
  }

  const beat = async (): Promise<void> => {
    const sentMs = clock.elapsedMs()
    const seconds = Math.min(visibilitySeconds, Math.floor((longestMs - sentMs) / 1000) - 1)
    // At the very end of the longest lease; 0 would hand it back.
    if (seconds < 1) return
    // Not under `ended`: `end` waits for a heartbeat that is under way, so that none follows `remove` or `handBack`.
    await withTimeLimit({ clock, limitMs: BEAT_LIMIT_MS, signal: until }, (signal) =>
      queue.setVisibility(receiptHandle, seconds, signal),
    )
    heldUntilMs = sentMs + seconds * 1000
    onBeat()
  }

  const beatUntilEnd = async (): Promise<void> => {
    let failures = 0
    let waitSeconds = clock.elapsedMs() - requestedMs > PROMPT_MS ? 0 : beatSeconds
    while (!ended.signal.aborted) {
      try {
        if (waitSeconds > 0) await clock.sleep(waitSeconds * 1000, ended.signal)
        await beat()
        failures = 0
      } catch (error) {
        if (error instanceof LeaseLostError && !ended.signal.aborted) lose(error)
        failures++
      }
      waitSeconds = failures === 0 ? beatSeconds : Math.min(failures, beatSeconds)
    }
  }

  const watchUntilEnd = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await clock.sleep(Math.max(0, heldUntilMs - clock.elapsedMs()), ended.signal).catch(() => {})
      if (!ended.signal.aborted) loseIfOver()
    }
  }

  const stopBeforeLongest = async (): Promise<void> => {
    await clock.sleep(Math.max(0, longestMs - marginSeconds * 1000 - clock.elapsedMs()), ended.signal)
    const hours = MAX_LEASE_SECONDS / 3600
    stop.abort(new LeaseTooLongError(`it took longer than the ${hours} h for which a message can be held`))
  }

  const beating = beatUntilEnd()
  void watchUntilEnd()
  stopBeforeLongest().catch(() => {})

  const assertHeld = (): void => {
    if (!ended.signal.aborted) loseIfOver()
    if (lost !== null) throw lost
  }

  const end = async (): Promise<void> => {
    // With a reason of its own: the default one is an exception with a stack.
    ended.abort('ended')
    await beating
  }

  return {
    attempt: receiveCount,
    signal: stop.signal,
    assertHeld,
    async remove(signal) {
      await end()
      await queue.remove(receiptHandle, signal)
    },
    async handBack(delaySeconds, signal) {
      await end()
      await queue.setVisibility(receiptHandle, delaySeconds, signal)
    },
  }
}
