import type { Progress } from '../../pipeline/progress.ts'
import type { ProgressDisplay } from '../terminal/progress.ts'

/** One display for images of which several are under way at once. `index` is an image's place in the list. */
export interface ImageProgress {
  update(index: number, progress: Progress): void
  /** Calls `write`, which prints how an image ended, between two drawings of the progress. */
  print(index: number, write: () => void): void
}

/** Shows the latest image that has come so far, as it is the one that the others will have to wait for. */
export const followLatestImage = (display: ProgressDisplay, titles: readonly string[]): ImageProgress => {
  let shown = -1
  return {
    update(index, progress) {
      if (index < shown) return
      if (index > shown) display.begin(titles[index] ?? '')
      shown = index
      display.update(progress)
    },
    print(index, write) {
      if (index === shown) display.end()
      display.aside(write)
    },
  }
}
