import { LeaseLostError, MAX_LEASE_SECONDS, type MessageQueue } from '../../shared/ports/message-queue.ts'
import type { Claim } from '../jobs/claim.ts'
import type { Clock } from '../jobs/clock.ts'
import { withTimeLimit } from '../jobs/time-limit.ts'

/*
 *   received                beat            beat         beat fails  again  again        held until
 *      │◀──── beatSeconds ───▶│◀─────────────▶│◀──────────────▶╳──────╳──────╳──────────────▶│ LeaseLostError
 *      │◀─────────────────────┼───────────────┼── visibilitySeconds, from the last that went ▶│
 *      │◀────────────── MAX_LEASE_SECONDS less marginSeconds, however it goes ────── … ───────────▶ LeaseTooLongError
 *
 * What is counted from is always the moment before the request: the queue counts from a later one. A long poll may bring
 * a message late in its lease, so that the first heartbeat goes out at once then, and a poll is never longer than
 * `longestPollSeconds`.
 */
export interface LeaseOptions {
  readonly beatSeconds: number
  /** How long the message stays out of others' sight when no beat comes. */
  readonly visibilitySeconds: number
  /** What is left of the longest lease when the job is told to stop: enough to record why. */
  readonly marginSeconds: number
}

export const LEASE_OPTIONS: LeaseOptions = { beatSeconds: 20, visibilitySeconds: 120, marginSeconds: 60 }

/** A long poll of SQS, at most. */
const MAX_POLL_SECONDS = 20

/** Whole seconds of a long poll after which two heartbeats of a lease still have time to fail. 1 to 20. */
export const longestPollSeconds = ({ beatSeconds, visibilitySeconds }: LeaseOptions): number =>
  Math.max(1, Math.min(MAX_POLL_SECONDS, Math.floor(visibilitySeconds - 2 * beatSeconds)))

/** Still this worker's, but not for long enough: the queue does not extend it any further. */
export class LeaseTooLongError extends Error {
  override readonly name = 'LeaseTooLongError'
}

export interface LeasedMessage {
  readonly receiptHandle: string
  readonly receiveCount: number
  /** On the clock's `elapsedMs`: before the request that brought the message. */
  readonly receivedMs: number
}

export interface LeaseDeps {
  readonly clock: Clock
  readonly options: LeaseOptions
  /** Called when a beat was answered. */
  readonly onBeat?: (() => void) | undefined
  /** Ends a beat that is under way; default: nothing but its time limit does. */
  readonly until?: AbortSignal
}

const BEAT_LIMIT_MS = 10_000
/** A message that has been on its way for longer came from a long poll: part of its lease is over. */
const PROMPT_MS = 1_000

/** Holds a message, on a timer of its own, until it is removed, handed back or lost. */
export const holdLease = (
  queue: MessageQueue,
  { receiptHandle, receiveCount, receivedMs }: LeasedMessage,
  { clock, options, onBeat = () => {}, until = AbortSignal.any([]) }: LeaseDeps,
): Claim => {
  const { beatSeconds, visibilitySeconds, marginSeconds } = options
  const longestMs = receivedMs + MAX_LEASE_SECONDS * 1000
  const stop = new AbortController()
  const ended = new AbortController()
  let heldUntilMs = receivedMs + visibilitySeconds * 1000
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
    // Not under `ended`: a beat that is under way is waited for, lest it comes after the last word.
    await withTimeLimit({ clock, limitMs: BEAT_LIMIT_MS, signal: until }, (signal) =>
      queue.setVisibility(receiptHandle, seconds, signal),
    )
    heldUntilMs = sentMs + seconds * 1000
    onBeat()
  }

  const beatUntilEnd = async (): Promise<void> => {
    let failures = 0
    let waitSeconds = clock.elapsedMs() - receivedMs > PROMPT_MS ? 0 : beatSeconds
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
