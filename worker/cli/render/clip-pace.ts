import { type Mark, msPerUnit, secondsLeft } from '../../../shared/pace.ts'

/** End of an image. It is `skipped` if its clip was there already. */
export type ImageEnd = 'made' | 'failed' | 'skipped'

/** Ends of the images of one call, and the time left by them. */
export interface ClipPace {
  end(how: ImageEnd): void
  count(how: ImageEnd): number
  /** Seconds until all images have ended; `null` before the first clip is made. */
  secondsLeft(): number | null
}

/**
 * Measures the time of a clip between the first clip that was made and the last one. The first alone counts with the
 * time of loading the model, so that the time left is rather too long then. `images`: count of all images.
 */
export const followClipPace = (images: number, now: () => number): ClipPace => {
  const start: Mark = { done: 0, atMs: now() }
  let first: Mark | undefined
  let latest = start
  const counts = { made: 0, failed: 0, skipped: 0 }
  return {
    end(how) {
      counts[how] += 1
      if (how !== 'made') return
      latest = { done: counts.made, atMs: now() }
      first ??= latest
    },
    count: (how) => counts[how],
    secondsLeft() {
      if (first === undefined) return null
      const each = msPerUnit(first, latest) ?? msPerUnit(start, latest)
      if (each === null) return null
      const left = images - counts.made - counts.failed - counts.skipped
      return secondsLeft({ left, msPerUnit: each, sinceMs: now() - latest.atMs })
    },
  }
}
