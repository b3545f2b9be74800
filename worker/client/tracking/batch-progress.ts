import { type Mark, msPerUnit, secondsLeft } from '../../../shared/pace.ts'
import { isDone, type JobStatus } from './job-status.ts'

/** Share of a job, 0 to 1, at which each phase of the renderer begins and ends, roughly as for a large model. */
const PHASE_SHARE: Readonly<Record<string, readonly [from: number, to: number]>> = {
  load: [0.02, 0.05],
  'encode-image': [0.05, 0.08],
  denoise: [0.08, 0.8],
  decode: [0.8, 0.96],
  'encode-video': [0.96, 0.98],
}

/** Share of a job that is done, 0 to 1. */
export const jobShare = (status: JobStatus): number => {
  if (isDone(status)) return 1
  if (status.state === 'publishing') return 0.98
  if (status.state !== 'rendering' || status.phase === null) return 0
  const [from, to] = PHASE_SHARE[status.phase] ?? [0.05, 0.05]
  return from + (to - from) * (status.steps === 0 ? 0 : Math.min(1, status.step / status.steps))
}

/** Sum of the shares of all jobs, in jobs: 2.5 if two and a half are done. */
export const batchShare = (statuses: readonly JobStatus[]): number =>
  statuses.reduce((total, status) => total + jobShare(status), 0)

/**
 * Progress, in jobs, after which the pace is measured. Before that, jobs wait for machines, the model is loaded, and
 * the first step plans convolutions. It ends with the first or second step of 25.
 */
const WARM_UP_SHARE = 0.1
/** Least progress, in jobs, from which the time left is computed. */
const LEAST_DONE = 0.05

/** Marks from which the pace of a batch is computed: its progress, in jobs. */
export interface BatchPace {
  /** Begin of the measurement. */
  readonly from: Mark
  /** The latest poll. */
  readonly latest: Mark
}

/** Follows a batch that is polled again and again: its pace begins after the warm-up. */
export const followBatchPace = (): ((statuses: readonly JobStatus[], nowMs: number) => BatchPace) => {
  let firstShare: number | undefined
  let from: Mark | undefined
  return (statuses, nowMs) => {
    const latest = { done: batchShare(statuses), atMs: nowMs }
    firstShare ??= latest.done
    if (from === undefined || from.done - firstShare < WARM_UP_SHARE) from = latest
    return { from, latest }
  }
}

/** Seconds left of so many jobs; `null` if there is no pace yet. */
export const pollSecondsLeft = (jobs: number, { from, latest }: BatchPace): number | null => {
  if (latest.done - from.done < LEAST_DONE || latest.atMs <= from.atMs) return null
  const each = msPerUnit(from, latest)
  return each === null ? null : secondsLeft({ left: jobs - latest.done, msPerUnit: each, sinceMs: 0 })
}
