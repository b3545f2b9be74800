import type { TaskProtection, TaskProtectionOptions } from '../../../../worker/instance/task-protection.ts'

const PROTECTED_MINUTES = 60
const RENEW_MS = 20 * 60_000
const QUIET_MS = 60_000
const FIRST_RETRY_MS = 5_000
const LAST_RETRY_MS = 300_000

/**
 * The rule by which a worker protected its ECS task before it drained on DEPLOYMENT_BLOCKED: for an hour, again every 20
 * minutes while it has a job, and each refusal counted as a passing error, after which it asked again.
 */
export const openRenewingProtection = ({
  protect,
  clock,
}: Pick<TaskProtectionOptions, 'protect' | 'clock'>): TaskProtection => {
  let jobs = 0
  let quietMs = clock.elapsedMs()
  let givenMs: number | null = null
  let failures = 0
  let wake = new AbortController()

  const nextMs = (): number => {
    if (jobs === 0) return givenMs === null ? Number.POSITIVE_INFINITY : quietMs + QUIET_MS
    return givenMs === null ? clock.elapsedMs() : givenMs + RENEW_MS
  }

  return {
    onEvent({ type }) {
      if (type !== 'job-received' && type !== 'job-done' && type !== 'job-released') return
      jobs += type === 'job-received' ? 1 : -1
      quietMs = clock.elapsedMs()
      wake.abort()
    },
    async run(signal) {
      let retryMs = 0
      while (!signal.aborted) {
        const pauseMs = Math.min(Math.max(nextMs(), retryMs) - clock.elapsedMs(), 3_600_000)
        if (pauseMs > 0) {
          wake = new AbortController()
          await clock.sleep(pauseMs, AbortSignal.any([signal, wake.signal])).catch(() => {})
          continue
        }
        const minutes = jobs > 0 ? PROTECTED_MINUTES : null
        const askedMs = clock.elapsedMs()
        if ((await protect(minutes, signal)) === 'done') {
          givenMs = minutes === null ? null : askedMs
          failures = 0
        } else retryMs = askedMs + Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS)
      }
    },
  }
}
