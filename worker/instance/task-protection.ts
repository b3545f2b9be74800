import type { Clock } from '../../shared/clock.ts'
import { withTimeLimit } from '../../shared/time-limit.ts'
import type { WorkerLogEvent } from '../telemetry/worker-event.ts'
import type { ProtectTask } from './ecs-agent.ts'

/*
 * A worker that is a task of an ECS service is protected from scale-in while it holds a job:
 *
 *   first job in hand ─▶ protect for 60 min ─── every 2.5 to 5 min ───▶ again, as long as there are signs of a job
 *   none in hand ─────── 60 s, and still none ──▶ give it up
 *   DEPLOYMENT_BLOCKED ─ drain: the clip is finished, none is taken ──▶ give it up at once, and end
 *
 * ECS answers DEPLOYMENT_BLOCKED when more tasks are protected than the service is to have, because a deployment or a
 * scale-in waits for them. Asking again would make it wait for as long as there is a backlog, and in the end the
 * protection expires in the middle of a clip. The protection that is left, 55 minutes at least after one that was given,
 * lets the clip end. A first request that is refused leaves none; the job that it was for is handed back.
 *
 * Protection is optional: a task that is stopped all the same makes its messages visible again at SIGTERM. So nothing
 * waits for the agent, and nothing that it answers is an error of a job.
 *
 * Sixty seconds: between two jobs of a backlog there is no such pause, for the next is taken while one renders; without
 * one, three long polls have found nothing. Scale-in looks at a quarter of an hour, so a minute costs nothing.
 *
 * A worker that hangs is not protected for ever: the timer is this process's own, and protection is not renewed while
 * jobs give no sign. It is not given up at the end either, because it ends with the task.
 */

export interface TaskProtectionOptions {
  readonly protect: ProtectTask
  readonly clock: Clock
  /** Random number in [0, 1), so that not all workers of a fleet try again at the same moment. */
  readonly random: () => number
  /** Seconds without a sign of its jobs after which a worker counts as hanging. Above the renderer's own limit. */
  readonly silentSeconds: number
  /** Must not throw. */
  readonly onEvent: (event: Extract<WorkerLogEvent, { type: `task-${string}` }>) => void
  /** Called once, when ECS waits for this task to end. Must not throw. */
  readonly onBlocked: (reason: string) => void
}

export interface TaskProtection {
  /** Follows a worker by its events. Returns at once. */
  onEvent(event: WorkerLogEvent): void
  /** Requests protection and gives it up, until `signal` aborts. Never throws. */
  run(signal: AbortSignal): Promise<void>
}

const PROTECTED_MINUTES = 60
/**
 * Longest time for which a deployment waits until this worker knows of it. Each renewal comes after half of that or
 * more, by chance: if workers asked at the same moment, all would be refused, also if only one of them has to end.
 */
export const RENEW_SECONDS = 5 * 60
const QUIET_MS = 60_000
/** The agent itself gives ECS a few seconds. */
const ANSWER_LIMIT_MS = 10_000
const FIRST_RETRY_MS = 5_000
const LAST_RETRY_MS = 300_000
const BLOCKED = 'ECS waits for this task to end (DEPLOYMENT_BLOCKED)'
/** Timers take no longer waits than some weeks; an early look does no harm. */
const LONGEST_PAUSE_MS = 3_600_000

export const openTaskProtection = ({
  protect,
  clock,
  random,
  silentSeconds,
  onEvent,
  onBlocked,
}: TaskProtectionOptions): TaskProtection => {
  let jobs = 0
  /** Time of the last event of a job. */
  let signMs = clock.elapsedMs()
  let silent = false
  /** Time of the last request that gave protection; `null` if there is none; -Infinity if that is unknown. */
  let givenMs: number | null = null
  /** Whether ECS waits for this task to end: no protection is asked for any more. */
  let blocked = false
  let failures = 0
  let retryMs = Number.NEGATIVE_INFINITY
  let renewMs = RENEW_SECONDS * 1000
  let wake = new AbortController()

  const spread = (ms: number): number => ms * (0.5 + random() / 2)

  const hear = (event: WorkerLogEvent): void => {
    const before = jobs
    switch (event.type) {
      case 'job-received':
        jobs++
        break
      case 'job-done':
      case 'job-done-before':
      case 'job-retry':
      case 'job-released':
      case 'job-postponed':
      case 'job-abandoned':
        jobs--
        break
      case 'job-stage':
      case 'job-progress':
        break
      default:
        return
    }
    signMs = clock.elapsedMs()
    if (silent || before > 0 !== jobs > 0) wake.abort('changed')
  }

  /** The next request and its earliest time; `null` if there is none until an event comes. */
  const next = (): { readonly wanted: boolean; readonly atMs: number } | null => {
    if (jobs === 0)
      return givenMs === null ? null : { wanted: false, atMs: blocked ? signMs : signMs + QUIET_MS }
    if (blocked) return null
    if (givenMs === null) return { wanted: true, atMs: signMs }
    const atMs = givenMs + renewMs
    silent = Math.max(atMs, clock.elapsedMs()) > signMs + silentSeconds * 1000
    return silent ? null : { wanted: true, atMs }
  }

  /** Asks ECS for protection, or gives it up. Returns `false` if there is no use in asking again. */
  const ask = async (wanted: boolean, signal: AbortSignal): Promise<boolean> => {
    const askedMs = clock.elapsedMs()
    if (wanted) givenMs ??= Number.NEGATIVE_INFINITY
    try {
      const minutes = wanted ? PROTECTED_MINUTES : null
      const answer = await withTimeLimit({ clock, limitMs: ANSWER_LIMIT_MS, signal }, (within) =>
        protect(minutes, within),
      )
      if (answer === 'deployment-blocked') {
        blocked = true
        if (!wanted || givenMs === Number.NEGATIVE_INFINITY) givenMs = null
        onEvent({ type: 'task-protection-failed', reason: BLOCKED, retryInSeconds: null })
        onBlocked(BLOCKED)
        return true
      }
      if (answer === 'no-service') {
        const reason = 'no service started this task: it cannot be protected'
        onEvent({ type: 'task-protection-failed', reason, retryInSeconds: null })
        return false
      }
      failures = 0
      givenMs = wanted ? askedMs : null
      renewMs = spread(RENEW_SECONDS * 1000)
      onEvent(minutes === null ? { type: 'task-unprotected' } : { type: 'task-protected', minutes })
    } catch (error) {
      if (signal.aborted) return false
      const fullMs = Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS)
      const delayMs = spread(fullMs)
      retryMs = clock.elapsedMs() + delayMs
      const reason = error instanceof Error ? error.message : String(error)
      onEvent({ type: 'task-protection-failed', reason, retryInSeconds: delayMs / 1000 })
    }
    return true
  }

  return {
    onEvent: hear,
    async run(signal) {
      while (!signal.aborted) {
        const step = next()
        const atMs = step === null ? Number.POSITIVE_INFINITY : Math.max(step.atMs, retryMs)
        const pauseMs = Math.min(atMs - clock.elapsedMs(), LONGEST_PAUSE_MS)
        if (step === null || pauseMs > 0) {
          wake = new AbortController()
          await clock.sleep(pauseMs, AbortSignal.any([signal, wake.signal])).catch(() => {})
        } else if (!(await ask(step.wanted, signal))) return
      }
    },
  }
}
