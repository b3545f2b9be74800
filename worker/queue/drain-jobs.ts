import type { Clock } from '../jobs/clock.ts'
import { DrainingError } from '../jobs/draining-error.ts'
import { NoAnswerError } from '../jobs/time-limit.ts'
import type { Drain } from './drain.ts'
import type { JobInHand } from './job-in-hand.ts'

/** What is left for handing a job back: its renderer may have to be killed, and the queue has to be told. */
const HAND_BACK_SECONDS = 5
/** From the last frame to the record. */
const FINISH_SECONDS = 5
/** What is left for this process to end by itself, however slow store and queue are. */
const END_SECONDS = 2
const LOOK_MS = 1_000

/** Whether a job can be done before the worker has to go. One that does not say how long it takes gets the benefit. */
const mayGoOn = ({ stage, timeLeft }: JobInHand, secondsLeft: number | null, nowMs: number): boolean => {
  if (stage === 'waiting' || stage === 'preparing') return false
  if (secondsLeft === null) return true
  if (secondsLeft <= HAND_BACK_SECONDS) return false
  const renderSeconds = stage === 'rendering' ? timeLeft.secondsLeft(nowMs) : null
  return renderSeconds === null || renderSeconds + FINISH_SECONDS + HAND_BACK_SECONDS <= secondsLeft
}

/**
 * Once the worker is on its way out, stops all jobs that cannot be done in time: those that do not render yet at
 * once, a rendering one as soon as that is plain. `done` ends it.
 */
export const stopJobsInTime = async (
  hands: () => Iterable<JobInHand>,
  {
    drain,
    clock,
    timeOver,
  }: {
    readonly drain: Drain
    readonly clock: Clock
    /** Aborted a little before the worker is ended by force. */
    readonly timeOver: AbortController
  },
  done: AbortSignal,
): Promise<void> => {
  let handBackMs: number | undefined
  /** A notice may leave less time than handing back takes; it is tried all the same. */
  const isTimeOver = (): boolean => {
    const secondsLeft = drain.secondsLeft() ?? Number.POSITIVE_INFINITY
    if (secondsLeft > HAND_BACK_SECONDS) return false
    handBackMs ??= clock.elapsedMs()
    const handBackSeconds = (clock.elapsedMs() - handBackMs) / 1000
    return secondsLeft <= END_SECONDS && handBackSeconds >= HAND_BACK_SECONDS - END_SECONDS
  }
  while (!done.aborted) {
    for (const hand of hands()) {
      if (!mayGoOn(hand, drain.secondsLeft(), clock.elapsedMs()))
        hand.abort(new DrainingError(`${drain.reason()}`))
    }
    if (isTimeOver()) timeOver.abort(new NoAnswerError('the time of the worker is over'))
    await clock.sleep(LOOK_MS, done).catch(() => {})
  }
}
