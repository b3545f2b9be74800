import type { Clock } from '../../shared/clock.ts'
import { NoAnswerError } from '../../shared/time-limit.ts'
import type { ActiveJob } from '../jobs/active-job.ts'
import { DrainingError } from '../jobs/draining-error.ts'
import type { Drain } from './drain.ts'

/** Seconds reserved for handing a job back: its renderer may have to be killed, and its message made visible again. */
const HAND_BACK_SECONDS = 5
/** Seconds from the last frame to the record. */
const FINISH_SECONDS = 5
/** Seconds reserved for this process to end by itself, however slow store and queue are. */
const END_SECONDS = 2
const LOOK_MS = 1_000

/** Whether a job can be completed before the worker is ended. It may go on if its render's time left is unknown. */
const mayGoOn = ({ stage, timeLeft }: ActiveJob, secondsLeft: number | null, nowMs: number): boolean => {
  if (stage === 'waiting' || stage === 'preparing') return false
  if (secondsLeft === null) return true
  if (secondsLeft <= HAND_BACK_SECONDS) return false
  const renderSeconds = stage === 'rendering' ? timeLeft.secondsLeft(nowMs) : null
  return renderSeconds === null || renderSeconds + FINISH_SECONDS + HAND_BACK_SECONDS <= secondsLeft
}

/**
 * Stops all jobs that cannot be completed before the worker is ended: those that do not render yet at once, a
 * rendering one as soon as its time left is too long. To be called once the worker drains; `done` ends it.
 */
export const stopJobsInTime = async (
  activeJobs: () => Iterable<ActiveJob>,
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
  /** Whether the time is over. A notice may leave less time than handing back takes, which is tried all the same. */
  const isTimeOver = (): boolean => {
    const secondsLeft = drain.secondsLeft() ?? Number.POSITIVE_INFINITY
    if (secondsLeft > HAND_BACK_SECONDS) return false
    handBackMs ??= clock.elapsedMs()
    const handBackSeconds = (clock.elapsedMs() - handBackMs) / 1000
    return secondsLeft <= END_SECONDS && handBackSeconds >= HAND_BACK_SECONDS - END_SECONDS
  }
  while (!done.aborted) {
    for (const active of activeJobs()) {
      if (!mayGoOn(active, drain.secondsLeft(), clock.elapsedMs()))
        active.abort(new DrainingError(`${drain.reason()}`))
    }
    if (isTimeOver()) timeOver.abort(new NoAnswerError('the time of the worker is over'))
    await clock.sleep(LOOK_MS, done).catch(() => {})
  }
}
