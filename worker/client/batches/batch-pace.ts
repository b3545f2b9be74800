import { msPerUnit, secondsLeft } from '../../../shared/pace.ts'

/** Ends from which the pace is measured: older ones may be of another number of workers. */
const LATEST_ENDS = 50
/** A batch of which nothing ended for so many times its pace, and at least so long, has no pace. */
const STALLED_AFTER_PACES = 10
const STALLED_AFTER_MS = 10 * 60_000

/**
 * Seconds until so many jobs have ended, at the pace of the latest ends of their batch, however many workers there are.
 * `null` if fewer than two have ended, or none for so long that nothing seems to be rendered.
 */
export const batchSecondsLeft = (endTimes: readonly Date[], left: number, now: Date): number | null => {
  if (left === 0) return 0
  const latest = endTimes
    .map((time) => time.getTime())
    .sort((a, b) => b - a)
    .slice(0, LATEST_ENDS)
  const [last, first] = [latest[0], latest.at(-1)]
  if (last === undefined || first === undefined) return null
  const each = msPerUnit({ done: 1, atMs: first }, { done: latest.length, atMs: last })
  if (each === null) return null
  const sinceMs = now.getTime() - last
  if (sinceMs > Math.max(STALLED_AFTER_MS, STALLED_AFTER_PACES * each)) return null
  return secondsLeft({ left, msPerUnit: each, sinceMs })
}
