import type { ClipQuality } from '../../shared/contracts/result-record.ts'
import { checkContainer } from './check-container.ts'
import { clipFaults } from './clip-faults.ts'
import { largestSeamChange, measureClip, type RawClip } from './clip-figures.ts'
import { CLIP_LIMITS, type ClipLimits } from './clip-limits.ts'

export interface ClipToCheck extends RawClip {
  /** NaN or infinite values before the frames became bytes. */
  readonly nonFiniteValues: number
  /** The MP4 made of the frames. */
  readonly video: string
}

const nonFiniteFaults = (values: number): readonly string[] =>
  values === 0 ? [] : [`${values} values of the decoded frames were NaN or infinite; none may be`]

/**
 * Looks at a clip before it is published: its frames, one after the other, and what its MP4 says of itself. `faults`
 * is empty for a clip that is as it should be. The usual limits hold for any checkpoint that shows its picture; one of
 * random weights does not. Throws if a file is missing or of another size than said, and the signal's reason.
 */
export const checkClip = async (
  clip: ClipToCheck,
  signal: AbortSignal,
  limits: ClipLimits = CLIP_LIMITS,
): Promise<ClipQuality> => {
  const figures = await measureClip(clip, signal)
  const container = await checkContainer(clip.video, clip)
  const { changes, frames } = figures
  return {
    faults: [...nonFiniteFaults(clip.nonFiniteValues), ...clipFaults(figures, limits), ...container.faults],
    non_finite_values: clip.nonFiniteValues,
    darkest_frame_mean: Math.min(...frames.map(({ mean }) => mean)),
    largest_frame_change: changes.length === 0 ? null : Math.max(...changes),
    smallest_frame_change: changes.length === 0 ? null : Math.min(...changes),
    seam_change_ratio: largestSeamChange(figures)?.ratio ?? null,
    first_frame_psnr_db: figures.firstFramePsnrDb,
    container_frames: container.frames,
  }
}
