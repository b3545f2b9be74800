/** End of an image. It is `skipped` if its clip was there already. */
export type ImageEnd = 'made' | 'failed' | 'skipped'

/** Ends of the images of one call, and the time left by them. */
export interface ClipPace {
  end(how: ImageEnd): void
  count(how: ImageEnd): number
  /** Seconds until all images have ended; `null` before the first clip is made. */
  secondsLeft(): number | null
}

const LEAST_SECONDS = 1

/**
 * Measures the time of a clip between the first clip that was made and the last one. The first alone counts with the
 * time of loading the model, so that the time left is rather too long then. `images`: count of all images.
 */
export const followClipPace = (images: number, now: () => number): ClipPace => {
  const startMs = now()
  const madeMs: number[] = []
  const counts = { made: 0, failed: 0, skipped: 0 }
  return {
    end(how) {
      counts[how] += 1
      if (how === 'made') madeMs.push(now())
    },
    count: (how) => counts[how],
    secondsLeft() {
      const [first, last] = [madeMs[0], madeMs.at(-1)]
      if (first === undefined || last === undefined) return null
      const left = images - counts.made - counts.failed - counts.skipped
      const clipMs = madeMs.length === 1 ? first - startMs : (last - first) / (madeMs.length - 1)
      return Math.max(LEAST_SECONDS, (left * clipMs - (now() - last)) / 1000)
    },
  }
}
