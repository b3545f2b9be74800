import { type Mark, msPerUnit } from '../../shared/pace.ts'
import type { Progress } from './progress.ts'

/*
 * How fast the steps of a phase follow each other. A first step that was a session's first run does not count:
 *
 *     step 0 ─── firstRun ─── step 1 ──── step 2 ──── step 3
 *       └─────── warm-up ───────┴───────── pace ────────┘
 *
 * Later first runs of the phase do count, because others may follow: a decoder has one for each length of a chunk.
 */

/** The pace of one phase. */
export interface Pace {
  update(progress: Progress, nowMs: number): void
  /**
   * `null` until a step counts. With one step left, or none, the warm-up is better than no estimate: it is too long by
   * one warm-up at most.
   */
  msPerStep(): number | null
  /** Milliseconds that the warm-up took beyond a step; 0 if there was none, or no step counts yet. */
  warmUpMs(): number
}

export const followPace = (): Pace => {
  /** The phase's first mark, the one from which steps count, and the latest one. */
  let marks: { readonly first: Mark; readonly from: Mark; readonly latest: Mark } | undefined
  let stepsLeft = 0
  let isWarmUp = false

  const msPerStep = (): number | null => {
    if (marks === undefined) return null
    const { first, from, latest } = marks
    return msPerUnit(from, latest) ?? (stepsLeft <= 1 ? msPerUnit(first, latest) : null)
  }

  return {
    update({ step, steps, firstRun = false }, nowMs) {
      const mark = { done: step, atMs: nowMs }
      if (marks === undefined) {
        marks = { first: mark, from: mark, latest: mark }
        isWarmUp = firstRun
      } else if (firstRun) {
        isWarmUp ||= marks.latest.done === marks.first.done
      } else {
        const endsWarmUp = isWarmUp && marks.from === marks.first && step > marks.first.done
        marks = { first: marks.first, from: endsWarmUp ? mark : marks.from, latest: mark }
      }
      stepsLeft = steps - step
    },
    msPerStep,
    warmUpMs() {
      const each = msPerStep()
      if (marks === undefined || each === null) return 0
      const { first, from } = marks
      return Math.max(0, from.atMs - first.atMs - each * (from.done - first.done))
    },
  }
}
