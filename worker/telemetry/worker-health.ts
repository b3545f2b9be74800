import type { WorkerLogEvent } from './worker-event.ts'

/** Response of GET /health. Its keys are a contract. */
export interface Health {
  readonly state: 'starting' | 'idle' | 'working' | 'draining' | 'stopped'
  readonly worker_id: string | null
  /** Jobs under way, in the order in which they came. */
  readonly jobs: readonly { readonly job_id: string; readonly stage: string }[]
  readonly jobs_done: number
  /** Time of the last sign of life, ISO 8601. */
  readonly last_beat_at: string
  readonly seconds_since_beat: number
  /** Seconds since the last event of the jobs under way; `null` if there are none. */
  readonly seconds_since_progress: number | null
}

export interface WorkerHealth {
  onEvent(event: WorkerLogEvent): void
  /** Notes a sign of life without an event: an answer of the queue, an extended lease. */
  beat(): void
  read(): { readonly healthy: boolean; readonly health: Health }
}

export interface HealthOptions {
  /** Time in milliseconds since the epoch. */
  readonly now: () => number
  /** Seconds without a sign of life after which the worker counts as hanging. Above the long poll's 20 s. */
  readonly staleAfterSeconds: number
  /** Seconds without progress of its jobs after which it counts as hanging, although it extends their leases. */
  readonly stuckAfterSeconds: number
}

/**
 * Follows a worker by its events. It is healthy from its start until it stops, as long as it gives signs of life and
 * one of its jobs gets further. A worker that drains is healthy, because it is to be left alone until it has finished.
 */
export const watchHealth = ({ now, staleAfterSeconds, stuckAfterSeconds }: HealthOptions): WorkerHealth => {
  const jobs = new Map<string, string>()
  let phase: 'starting' | 'running' | 'draining' | 'stopped' = 'starting'
  let workerId: string | null = null
  let jobsDone = 0
  let beatMs = now()
  let progressMs = beatMs

  const onEvent = (event: WorkerLogEvent): void => {
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
