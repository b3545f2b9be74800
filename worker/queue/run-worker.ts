import { abortWith } from '../../shared/abort-with.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import type { ActiveJob } from '../jobs/active-job.ts'
import { openDenoiseSpeed } from '../jobs/denoise-speed.ts'
import { DrainingError } from '../jobs/draining-error.ts'
import type { JobEnd } from '../jobs/leased-job.ts'
import { parseJobMessage } from '../jobs/parse-job-message.ts'
import { openClipHistory } from '../jobs/quality/clip-history.ts'
import { reasonOf } from '../jobs/reason-of.ts'
import { runJob, type WorkerSlots } from '../jobs/run-job.ts'
import { createDeviceSlot } from '../jobs/slots/device.ts'
import { createMutex } from '../jobs/slots/mutex.ts'
import { stopJobsInTime } from './drain-jobs.ts'
import { longestPollSeconds } from './hold-lease.ts'
import { jobEndEvent } from './job-end-event.ts'
import { putAsideMalformed } from './put-aside-malformed.ts'
import { openReceiver, type Received } from './receive-message.ts'
import { takeJob } from './take-job.ts'
import { lookThroughDeadLetters, watchDeadLetters } from './watch-dead-letters.ts'
import type { WorkerDeps, WorkerOptions, WorkingDeps } from './worker-deps.ts'

export interface WorkerEnd {
  /** `SIGTERM`, `idle for 300 s`, `took 12 jobs`. */
  readonly reason: string
  /** Result records that this worker wrote. */
  readonly jobs: number
  /** Whether the worker gave up, because it or its machine is at fault. */
  readonly failing: boolean
}

/** With less time than this before it is ended by force, a worker does not poll the dead-letter queue once more. */
const LAST_LOOK_SECONDS = 30

/** Resolves when the signal aborts. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** Resolves when `work` has ended or the signal aborts, and leaves no listener on the signal. */
const endedOrAborted = async (work: Promise<unknown>, signal: AbortSignal): Promise<void> => {
  const over = new AbortController()
  using _ = abortWith(over, [signal])
  await Promise.race([work, aborted(over.signal)])
}

/**
 * Takes jobs from the queue and runs them, until it drains or has nothing more to do. By then it has completed or
 * handed back all jobs that it took. It takes one message at a time, and only when the slot for preparing is free, so
 * it never leases more than three. Never throws for what happens to jobs, store or queue.
 */
export const runWorker = async (given: WorkerDeps, options: WorkerOptions): Promise<WorkerEnd> => {
  const timeOver = new AbortController()
  const deps: WorkingDeps = { ...given, until: timeOver.signal }
  const { clock, drain, onEvent, worker } = deps
  const { untilIdleSeconds, maxJobs, maxSeconds, maxFailingJobs, lease } = options
  const receive = openReceiver(deps)
  const preparing = createMutex()
  const activeJobs = new Map<ActiveJob, Promise<void>>()
  /** Jobs that failed here, or that this machine could not do, since the last that succeeded. */
  const failing = new Set<string>()
  const ownAttempts = new Set<string>()
  let gaveUp = false
  const ended = new AbortController()
  /** Aborts after the last request of all. */
  const gone = new AbortController()
  let taken = 0
  let done = 0
  let busyMs = clock.elapsedMs()

  const idleSecondsLeft = (): number => {
    if (untilIdleSeconds === null) return Number.POSITIVE_INFINITY
    // Counted from the end of the last job; until then a poll is not to last longer than the wait that follows.
    return activeJobs.size > 0 ? untilIdleSeconds : untilIdleSeconds - (clock.elapsedMs() - busyMs) / 1000
  }

  /** Jobs in hand that are the same, by other messages: their record will be there when they end. */
  const sameJobs = ({ attempt }: ActiveJob): Promise<unknown> =>
    Promise.all(
      [...activeJobs].flatMap(([other, end]) =>
        other.attempt.job.job_id === attempt.job.job_id ? [end] : [],
      ),
    )

  const giveUp = (reason: string): void => {
    gaveUp = true
    drain.notify({ reason, secondsLeft: null })
  }
  const clips = openClipHistory()
  const speed = openDenoiseSpeed(given.countedSpeed)
  const slots: WorkerSlots = {
    rendering: createMutex(),
    finishing: createMutex(),
    device: createDeviceSlot(clock, (error) => giveUp(reasonOf(error))),
    lastRendered: null,
  }

  const giveUpIfFailing = ({ attempt }: ActiveJob, end: JobEnd): void => {
    if (end.type === 'done' && end.result.state === 'succeeded') failing.clear()
    if (end.type !== 'retry' && !(end.type === 'postponed' && end.workersFault)) return
    failing.add(attempt.job.job_id)
    if (failing.size < maxFailingJobs) return
    giveUp(`${failing.size} different jobs failed in a row on this worker`)
  }

  const follow = async (
    active: ActiveJob,
    slot: Disposable,
    { same, idleSinceMs }: { readonly same: Promise<unknown>; readonly idleSinceMs: number },
  ): Promise<void> => {
    const takenMs = busyMs
    await endedOrAborted(same, active.signal)
    const end = await runJob(active, slot, slots, { ...deps, clips, speed })
    if (end.type === 'done') done++
    giveUpIfFailing(active, end)
    activeJobs.delete(active)
    const isOthers = end.type === 'postponed' && end.waitsForModel !== null
    // A job for a worker with another model is no work: this one is as idle, and has taken as many, as before.
    if (isOthers) taken--
    if (!isOthers) busyMs = clock.elapsedMs()
    else if (busyMs === takenMs) busyMs = idleSinceMs
    onEvent(jobEndEvent(active, end))
  }

  const start = async (received: Received, slot: Disposable): Promise<void> => {
    const idleSinceMs = busyMs
    busyMs = clock.elapsedMs()
    const parsed = parseJobMessage(received.message.body)
    if ('fault' in parsed) {
      await putAsideMalformed(received.message, parsed.fault, deps)
      return slot[Symbol.dispose]()
    }
    taken++
    const active = takeJob(parsed.job, received, deps, options, ownAttempts)
    if (drain.signal.aborted) active.abort(new DrainingError(`${drain.reason()}`))
    activeJobs.set(active, follow(active, slot, { same: sameJobs(active), idleSinceMs }))
  }

  /** Whether there may be more to take: of those in active, some may turn out to be no work for this worker. */
  const mayTakeMore = async (): Promise<boolean> => {
    while (maxJobs !== null && taken >= maxJobs) {
      if (activeJobs.size === 0) return false
      await Promise.race(activeJobs.values())
    }
    return true
  }

  const takeJobs = async (): Promise<string> => {
    while (await mayTakeMore()) {
      const slot = await preparing.enter(drain.signal).catch(() => null)
      if (slot === null) break
      const longestSeconds = Math.min(options.waitSeconds, longestPollSeconds(lease))
      const waitSeconds = Math.max(1, Math.min(longestSeconds, Math.ceil(idleSecondsLeft())))
      const received = await receive(
        { waitSeconds, visibilitySeconds: lease.visibilitySeconds },
        drain.signal,
      )
      if (received !== null) await start(received, slot)
      else slot[Symbol.dispose]()
      if (drain.signal.aborted) break
      if (idleSecondsLeft() <= 0) return `idle for ${untilIdleSeconds} s`
    }
    return drain.reason() ?? `took ${taken} jobs`
  }

  /**
   * Polls the dead-letter queue a last time. Ends by its own limit, by a notice that comes meanwhile, and when the
   * worker's time is over.
   */
  const lookOnceMore = async (): Promise<void> => {
    if ((drain.secondsLeft() ?? LAST_LOOK_SECONDS) < LAST_LOOK_SECONDS) return
    const notice = drain.signal.aborted ? [] : [drain.signal]
    const over = new AbortController()
    using _ = abortWith(over, [timeOver.signal, ...notice])
    const limit = { clock, limitMs: LAST_LOOK_SECONDS * 1000 }
    await withTimeLimit({ ...limit, signal: over.signal }, (within) => lookThroughDeadLetters(deps, within))
  }

  onEvent({ type: 'worker-started', workerId: worker.id })
  const noMoreLooks = new AbortController()
  using _ = abortWith(noMoreLooks, [drain.signal, ended.signal])
  const watching = watchDeadLetters(deps, options.deadLetterIntervalSeconds, noMoreLooks.signal)
  const retiring =
    maxSeconds === null
      ? null
      : clock.sleep(maxSeconds * 1000, ended.signal).then(
          () => drain.notify({ reason: `worked for ${maxSeconds} s`, secondsLeft: null }),
          () => {},
        )
  const stopping = aborted(drain.signal).then(() => {
    onEvent({ type: 'draining', reason: `${drain.reason()}`, secondsLeft: drain.secondsLeft() })
    return stopJobsInTime(() => activeJobs.keys(), { drain, clock, timeOver }, gone.signal)
  })
  const reason = await takeJobs()
  await Promise.all(activeJobs.values())
  ended.abort()
  await Promise.all([watching, retiring])
  await lookOnceMore()
  gone.abort()
  await (drain.signal.aborted ? stopping : undefined)
  onEvent({ type: 'worker-stopped', reason, jobs: done })
  return { reason, jobs: done, failing: gaveUp }
}
