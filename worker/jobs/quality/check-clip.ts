import type { CheckSeverities } from '../../../shared/contracts/clip-checks.ts'
import type { ClipQuality } from '../../../shared/contracts/result-record.ts'
import { checkContainer } from './check-container.ts'
import { type ClipFault, clipFaults } from './clip-faults.ts'
import { largestSeamChange, measureClip, type RawClip } from './clip-figures.ts'
import { CLIP_LIMITS, type ClipLimits } from './clip-limits.ts'

export interface ClipToCheck extends RawClip {
  /** NaN or infinite values before the frames became bytes. */
  readonly nonFiniteValues: number
  /** The MP4 made of the frames. */
  readonly video: string
  /** Frames that the MP4 should have; those of a loop count twice. */
  readonly videoFrames: number
}

const nonFiniteFaults = (values: number): readonly ClipFault[] =>
  values === 0
    ? []
    : [
        {
          check: 'non-finite',
          text: `${values} values of the decoded frames were NaN or infinite; none may be`,
        },
      ]

/**
 * Checks a clip before it is published: its frames, one after the other, and what its MP4 says of itself. Each sentence
 * of `faults` and `warnings` begins with the name of its check. Both are empty for a clip that is as it should be. The
 * usual limits hold for any checkpoint that shows its image; one of random weights does not. Throws if a file is
 * missing or of another size than said, and the signal's reason.
 */
export const checkClip = async (
  clip: ClipToCheck,
  severities: CheckSeverities,
  signal: AbortSignal,
  limits: ClipLimits = CLIP_LIMITS,
): Promise<ClipQuality> => {
  const figures = await measureClip(clip, signal)
  const container = await checkContainer(clip.video, { ...clip, frameCount: clip.videoFrames })
  const { changes, frames } = figures
  const found: readonly ClipFault[] = [
    ...nonFiniteFaults(clip.nonFiniteValues),
    ...clipFaults(figures, limits),
    ...container.faults.map((text) => ({ check: 'container', text }) as const),
  ]
  const having = (severity: 'warn' | 'fail'): string[] =>
    found.filter(({ check }) => severities[check] === severity).map(({ check, text }) => `${check}: ${text}`)
  return {
    faults: having('fail'),
    warnings: having('warn'),
    non_finite_values: clip.nonFiniteValues,
    darkest_frame_mean: Math.min(...frames.map(({ mean }) => mean)),
    largest_frame_change: changes.length === 0 ? null : Math.max(...changes),
    smallest_frame_change: changes.length === 0 ? null : Math.min(...changes),
    seam_change_ratio: largestSeamChange(figures)?.ratio ?? null,
    first_frame_psnr_db: figures.firstFramePsnrDb,
    container_frames: container.frames,
  }
}
