import { around, seededRandom } from '../../../../infra/scaling/simulation/random.ts'
import type { ProtectTask } from '../../../../worker/instance/ecs-agent.ts'
import type { TaskProtection } from '../../../../worker/instance/task-protection.ts'
import { virtualClock } from '../../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../../fixtures/virtual-time.ts'

/*
 * A deployment of an ECS service whose workers render a backlog that does not end. "If the Service is using a rolling
 * update, new tasks will be created but tasks running older version will not be terminated until protectionEnabled is
 * unset or expires." (ECS developer guide, "Protect your Amazon ECS tasks from being terminated by scale-in events")
 *
 *   protected task     continues
 *   unprotected task   SIGTERM ── DRAIN_SECONDS ──▶ what it has not finished by then goes back to the queue
 *
 * The clips are longer than DRAIN_SECONDS, as on a small card. With shorter ones no SIGTERM cuts a clip.
 */
export const DEPLOYMENT_WORKERS = 32
const CLIP = { seconds: 180, spread: 0.2 }
/** infra/workers/ecs-workers.ts: from SIGTERM until a worker releases what it has not finished. */
const DRAIN_SECONDS = 110
const DEPLOYED_AT_MS = 30 * 60_000
/** ECS checks a service some times a minute. */
const RECONCILE_MS = 10_000
/**
 * "If the deployment is stuck in UPDATE_IN_PROGRESS for more than 3 hours, it will fail and show UPDATE_FAILED state, and
 * will then be rolled back" (the same document).
 */
const UPDATE_LIMIT_MS = 3 * 3_600_000

/**
 * Answer to an older task that renews its protection. `refused`: DEPLOYMENT_BLOCKED, as the document states for a service that
 * "has more protected tasks than the desired count of tasks". `granted`: ECS counts the tasks of both deployments against
 * the desired count, which is not exceeded. The document does not state which holds in a rolling update.
 */
export type RenewalReading = 'refused' | 'granted'

/** Rules of a worker. */
export interface WorkerRules {
  readonly openProtection: (
    protect: ProtectTask,
    clock: ReturnType<typeof virtualClock>,
    onBlocked: () => void,
  ) => TaskProtection
  /** Seconds after which a worker takes no further clip; `null` for never. */
  readonly lifeSeconds: number | null
}

export interface DeploymentOutcome {
  /** Minutes until the last older task has ended; `null` if CloudFormation gave up before. */
  readonly minutes: number | null
  /** Clips that were rendering when their worker was ended. */
  readonly cutClips: number
}

export const runDeployment = async (
  { openProtection, lifeSeconds }: WorkerRules,
  reading: RenewalReading,
): Promise<DeploymentOutcome> => {
  const time = openVirtualTime()
  const clock = virtualClock(time)
  const random = seededRandom(1)
  const stops: (() => void)[] = []
  const giveUpMs = DEPLOYED_AT_MS + UPDATE_LIMIT_MS
  let working = DEPLOYMENT_WORKERS
  let cutClips = 0
  let endedMs: number | null = null

  const startWorker = (index: number): void => {
    const ended = new AbortController()
    let protectedUntilMs = 0
    let clip = 0
    let clipEndsMs = 0
    let isDraining = false
    let isStopped = false

    const end = (): void => {
      if (ended.signal.aborted) return
      ended.abort(new Error('the task ended'))
      if (--working === 0) endedMs = time.nowMs()
    }
    const protect: ProtectTask = async (minutes) => {
      const isOlder = time.nowMs() >= DEPLOYED_AT_MS
      if (minutes !== null && isOlder && reading === 'refused') return 'deployment-blocked'
      protectedUntilMs = minutes === null ? 0 : time.nowMs() + minutes * 60_000
      return 'done'
    }
    const drain = (): void => {
      isDraining = true
    }
    const protection = openProtection(protect, clock, drain)
    const takeClip = (): void => {
      if (ended.signal.aborted) return
      if (isDraining) {
        end()
        return
      }
      const jobId = `${index}-${clip++}`
      const renderMs = around(CLIP.seconds, CLIP.spread, random) * 1000
      clipEndsMs = time.nowMs() + renderMs
      protection.onEvent({ type: 'job-received', jobId, attempt: 1, waitingSeconds: 0 })
      time.after(renderMs, () => {
        if (ended.signal.aborted) return
        protection.onEvent({ type: 'job-released', jobId, reason: 'done' })
        takeClip()
      })
    }
    stops.push(() => {
      if (isStopped || ended.signal.aborted || time.nowMs() < protectedUntilMs) return
      isStopped = true
      drain()
      if (clipEndsMs - time.nowMs() <= DRAIN_SECONDS * 1000) return
      cutClips++
      time.after(DRAIN_SECONDS * 1000, end)
    })
    if (lifeSeconds !== null) time.after(lifeSeconds * 1000, drain)
    takeClip()
    void protection.run(ended.signal)
  }

  for (let index = 0; index < DEPLOYMENT_WORKERS; index++) {
    // Workers start one after the other, so that their clips end at different times.
    time.after((index * CLIP.seconds * 1000) / DEPLOYMENT_WORKERS, () => startWorker(index))
  }
  const reconcile = (): void => {
    for (const stop of stops) stop()
    time.after(RECONCILE_MS, reconcile)
  }
  time.after(DEPLOYED_AT_MS, reconcile)
  await time.runUntil(() => endedMs !== null || time.nowMs() >= giveUpMs, Number.POSITIVE_INFINITY)
  return { minutes: endedMs === null ? null : (endedMs - DEPLOYED_AT_MS) / 60_000, cutClips }
}
