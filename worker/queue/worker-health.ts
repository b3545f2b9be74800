import type { WorkerEvent } from './worker-event.ts'

/** What GET /health answers. Its keys are a contract. */
export interface Health {
  readonly state: 'starting' | 'idle' | 'working' | 'draining' | 'stopped'
  readonly worker_id: string | null
  /** Those under way, in the order in which they came. */
  readonly jobs: readonly { readonly job_id: string; readonly stage: string }[]
  readonly jobs_done: number
  /** The last sign of life, ISO 8601. */
  readonly last_beat_at: string
  readonly seconds_since_beat: number
  /** Since the jobs under way last got any further; null: there are none. */
  readonly seconds_since_progress: number | null
}

export interface WorkerHealth {
  onEvent(event: WorkerEvent): void
  /** A sign of life without an event: an empty receive, an extended lease. */
  beat(): void
  read(): { readonly healthy: boolean; readonly health: Health }
}

export interface HealthOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Without a sign of life for so long, the worker counts as hanging. Above the long poll's 20 s. */
  readonly staleAfterSeconds: number
  /** So does a worker whose jobs get no further for so long, although it extends their leases. */
  readonly stuckAfterSeconds: number
}

/**
 * Follows a worker by what it tells. It is healthy from its start until it stops, as long as it gives signs of life and
 * one of its jobs gets further; a worker that drains is healthy, for it is to be left alone until it has finished.
 */
export const watchHealth = ({ now, staleAfterSeconds, stuckAfterSeconds }: HealthOptions): WorkerHealth => {
  const jobs = new Map<string, string>()
  let phase: 'starting' | 'running' | 'draining' | 'stopped' = 'starting'
  let workerId: string | null = null
  let jobsDone = 0
  let beatMs = now()
  let progressMs = beatMs

  const onEvent = (event: WorkerEvent): void => {
    beatMs = now()
    const isOfJob = 'jobId' in event && event.jobId !== null && jobs.has(event.jobId)
    if (isOfJob || event.type === 'job-received') progressMs = beatMs
    switch (event.type) {
      case 'worker-started':
        phase = 'running'
        workerId = event.workerId
        break
      case 'draining':
        phase = 'draining'
        break
      case 'worker-stopped':
        phase = 'stopped'
        break
      case 'job-received':
        jobs.set(event.jobId, 'received')
        break
      case 'job-stage':
        jobs.set(event.jobId, event.stage)
        break
      case 'job-done':
        jobsDone++
        jobs.delete(event.jobId)
        break
      case 'job-done-before':
      case 'job-retry':
      case 'job-released':
      case 'job-postponed':
      case 'job-abandoned':
        jobs.delete(event.jobId)
        break
      default:
    }
  }

  return {
    onEvent,
    beat() {
      beatMs = now()
    },
    read() {
      const secondsSinceBeat = (now() - beatMs) / 1000
      const secondsSinceProgress = jobs.size > 0 ? (now() - progressMs) / 1000 : null
      const alive = phase === 'running' || phase === 'draining'
      const hangs = secondsSinceBeat > staleAfterSeconds || (secondsSinceProgress ?? 0) > stuckAfterSeconds
      return {
        healthy: alive && !hangs,
        health: {
          state: phase === 'running' ? (jobs.size > 0 ? 'working' : 'idle') : phase,
          worker_id: workerId,
          jobs: Array.from(jobs, ([job_id, stage]) => ({ job_id, stage })),
          jobs_done: jobsDone,
          last_beat_at: new Date(beatMs).toISOString(),
          seconds_since_beat: secondsSinceBeat,
          seconds_since_progress: secondsSinceProgress,
        },
      }
    },
  }
}
