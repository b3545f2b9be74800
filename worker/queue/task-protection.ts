import type { Clock } from '../jobs/clock.ts'
import { withTimeLimit } from '../jobs/time-limit.ts'
import type { ProtectTask } from './ecs-agent.ts'
import type { WorkerEvent } from './worker-event.ts'

/*
 * A worker that is a task of an ECS service is protected from scale-in while it holds a job:
 *
 *   first job in hand ─▶ protect for 60 min ─── every 20 min ───▶ again, as long as there are signs of a job
 *   none in hand ─────── 60 s, and still none ──▶ give it up
 *
 * It is a courtesy, and beside the work: a task that is stopped all the same hands its jobs back at SIGTERM. So nothing
 * waits for the agent, and nothing that it answers is an error of a job.
 *
 * Sixty seconds: between two jobs of a backlog there is no such pause, for the next is taken while one renders; without
 * one, three long polls have found nothing. Scale-in looks at a quarter of an hour, so a minute costs nothing.
 *
 * Who hangs is not protected for ever: the timer is this process's own, and where jobs give no sign, it is not renewed.
 * Nor is anything given up at the end: protection ends with the task.
 */

export interface TaskProtectionOptions {
  readonly protect: ProtectTask
  readonly clock: Clock
  /** In [0, 1): not all workers of a fleet are to try again at the same moment. */
  readonly random: () => number
  /** A worker whose jobs give no sign for so long hangs. Above the renderer's own limit. */
  readonly silentSeconds: number
  /** Must not throw. */
  readonly onEvent: (event: Extract<WorkerEvent, { type: `task-${string}` }>) => void
}

export interface TaskProtection {
  /** Follows a worker by what it tells. Returns at once. */
  onEvent(event: WorkerEvent): void
  /** Protects and gives up, until `signal` aborts. Never throws. */
  run(signal: AbortSignal): Promise<void>
}

const PROTECTED_MINUTES = 60
/** Two may fail. */
const RENEW_MS = 20 * 60_000
const QUIET_MS = 60_000
/** The agent itself gives ECS a few seconds. */
const ANSWER_LIMIT_MS = 10_000
const FIRST_RETRY_MS = 5_000
const LAST_RETRY_MS = 300_000
/** Timers take no longer waits than some weeks; an early look does no harm. */
const LONGEST_PAUSE_MS = 3_600_000

export const openTaskProtection = ({
  protect,
  clock,
  random,
  silentSeconds,
  onEvent,
}: TaskProtectionOptions): TaskProtection => {
  let jobs = 0
  /** When a job was last heard of. */
  let signMs = clock.elapsedMs()
  let silent = false
  /** When protection was last given; null: there is none; -Infinity: nobody knows. */
  let givenMs: number | null = null
  let failures = 0
  let retryMs = Number.NEGATIVE_INFINITY
  let wake = new AbortController()

  const hear = (event: WorkerEvent): void => {
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

  /** What is to be asked next, and from when on; null: nothing, until something is heard. */
  const next = (): { readonly wanted: boolean; readonly atMs: number } | null => {
    if (jobs === 0) return givenMs === null ? null : { wanted: false, atMs: signMs + QUIET_MS }
    if (givenMs === null) return { wanted: true, atMs: signMs }
    const atMs = givenMs + RENEW_MS
    silent = Math.max(atMs, clock.elapsedMs()) > signMs + silentSeconds * 1000
    return silent ? null : { wanted: true, atMs }
  }

  /** False: there is no use in asking again. */
  const ask = async (wanted: boolean, signal: AbortSignal): Promise<boolean> => {
    const askedMs = clock.elapsedMs()
    if (wanted) givenMs ??= Number.NEGATIVE_INFINITY
    try {
      const minutes = wanted ? PROTECTED_MINUTES : null
      const possible = await withTimeLimit({ clock, limitMs: ANSWER_LIMIT_MS, signal }, (within) =>
        protect(minutes, within),
      )
      if (!possible) {
        const reason = 'no service started this task: it cannot be protected'
        onEvent({ type: 'task-protection-failed', reason, retryInSeconds: null })
        return false
      }
      failures = 0
      givenMs = wanted ? askedMs : null
      onEvent(minutes === null ? { type: 'task-unprotected' } : { type: 'task-protected', minutes })
    } catch (error) {
      if (signal.aborted) return false
      const fullMs = Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS)
      const delayMs = fullMs * (0.5 + random() / 2)
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
