import type { Progress } from '../../pipeline/progress.ts'
import type { MinuteLines } from '../terminal/minute-lines.ts'
import { formatDuration, type ProgressDisplay, phaseText } from '../terminal/progress.ts'
import { followClipPace, type ImageEnd } from './clip-pace.ts'

/** One display for images of which several are under way at once. `index` is an image's place in the list. */
export interface ImageProgress {
  update(index: number, progress: Progress): void
  /** Counts an image that has ended. */
  end(how: ImageEnd): void
  /** Calls `write`, which prints how an image ended, between two drawings of the progress. */
  print(index: number, write: () => void): void
}

export interface ImageProgressOptions {
  /** Gets a line a minute where there is no terminal. */
  readonly minuteLines?: MinuteLines
  readonly now?: () => number
}

/**
 * Shows the latest image that has come so far, as it is the one that the others will have to wait for. Of several images
 * also how many have ended, and the time left at the pace of those that were made.
 */
export const followLatestImage = (
  display: ProgressDisplay,
  titles: readonly string[],
  { minuteLines = () => {}, now = () => performance.now() }: ImageProgressOptions = {},
): ImageProgress => {
  const pace = followClipPace(titles.length, now)
  let shown = -1
  const titleOf = (index: number): string => titles[index] ?? ''

  /** `2 of 40 clips made, 1 failed, about 8:20 left`; empty for one image. */
  const countsText = (): string => {
    if (titles.length < 2) return ''
    const [failed, skipped, left] = [pace.count('failed'), pace.count('skipped'), pace.secondsLeft()]
    return [
      `${pace.count('made')} of ${titles.length} clips made`,
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
      ...(left === null ? [] : [`about ${formatDuration(left)} left`]),
    ].join(', ')
  }

  return {
    update(index, progress) {
      if (index < shown) return
      const title = (): string => [countsText(), titleOf(index)].filter((text) => text !== '').join('; ')
      if (index > shown) display.begin(title)
      shown = index
      display.update(progress)
      minuteLines(() => `${title()}: ${phaseText(progress)}`)
    },
    end: pace.end,
    print(index, write) {
      if (index === shown) display.end()
      display.aside(write)
    },
  }
}
