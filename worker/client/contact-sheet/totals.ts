import type { SheetJob } from './sheet-job.ts'

export interface SheetTotals {
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
  /** Count of jobs that are not done yet. */
  readonly open: number
  readonly clips: number
  /** Number of clips with warnings. */
  readonly warned: number
  /** Time from the first submit to the last end; `null` if no job has ended. */
  readonly spanSeconds: number | null
  /** Clips over the time from the first start to the last end; `null` if there are none. */
  readonly clipsPerHour: number | null
  readonly deviceSeconds: number
  /** Cost of all jobs; `null` if no price is set. */
  readonly costUsd: number | null
}

const secondsBetween = (starts: readonly string[], ends: readonly string[]): number | null => {
  if (starts.length === 0 || ends.length === 0) return null
  return (Math.max(...ends.map(Date.parse)) - Math.min(...starts.map(Date.parse))) / 1000
}

export const totalsOf = (jobs: readonly SheetJob[]): SheetTotals => {
  const statuses = jobs.map(({ status }) => status)
  const results = statuses.flatMap(({ result }) => (result === null ? [] : [result]))
  const count = (state: string): number => results.filter((result) => result.state === state).length
  const ends = results.map(({ finished_at }) => finished_at)
  const clips = jobs.reduce((total, job) => total + job.clips.length, 0)
  const workSpan = secondsBetween(
    results.map(({ started_at }) => started_at),
    ends,
  )
  const costs = results.flatMap(({ cost_usd }) => (cost_usd === null ? [] : [cost_usd]))
  return {
    succeeded: count('succeeded'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    open: statuses.length - results.length,
    clips,
    warned: jobs.reduce(
      (total, job) => total + job.clips.filter(({ quality }) => quality.warnings.length > 0).length,
      0,
    ),
    spanSeconds: secondsBetween(
      results.map(({ job }) => job.submitted_at),
      ends,
    ),
    clipsPerHour: clips === 0 || workSpan === null || workSpan <= 0 ? null : clips / (workSpan / 3600),
    deviceSeconds: results.reduce((total, { device_seconds }) => total + device_seconds, 0),
    costUsd: costs.length === 0 ? null : costs.reduce((total, cost) => total + cost, 0),
  }
}
