/** At most what is fitted in a second. */
const LARGEST_FITTED_AHEAD_PIXELS = 2048 * 2048

/**
 * Whether an image is fitted to a clip of this size before the renderer is free. For a larger clip the renderer does so
 * itself, once the clip is known to fit the memory: 8192x8192 takes 200 MB and ten seconds.
 */
export const isFittedAhead = ({
  width,
  height,
}: {
  readonly width: number
  readonly height: number
}): boolean => width * height <= LARGEST_FITTED_AHEAD_PIXELS
