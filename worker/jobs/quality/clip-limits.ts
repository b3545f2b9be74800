/**
 * Limits beyond which a clip counts as broken. Levels are 8-bit.
 *
 * They lie between the figures of good clips and those of the same clips spoilt, so that no good one is refused.
 * People judge whether a clip is beautiful. The checks only find what no user can have intended. Figures of 43 clips
 * of the demo checkpoint (four photos, motion buckets 1 to 255, noise 0.02 and 0.5, guidance 1 to 6, three seeds, all
 * frames decoded at once and in chunks of 1 to 8, some of which overlap):
 *
 *     figure                            good             spoilt                                   limit
 *     mean of the darkest frame         66 and more      0        black frames                    8
 *     least spread, of the image's    0.77 and more    0        a frame of one grey             0.1
 *     largest change                    2.2 and more     0        one frame again and again       0.02
 *     largest change at a seam, ratio   1.33 and less    2.1 …    every other chunk 16 brighter   1.75
 *     first frame's PSNR, dB            15.8 and more    … 11.4   another photo                   13
 *
 * 15.8 dB is a clip decoded frame by frame, which that checkpoint was not trained for; else it is 19 and more.
 * These 43 clips are of the checkpoint's first training. 12 clips of the second (the photos, motion buckets 30, 127 and
 * 220) have at least 70, 0.83, 5.8 and 23.4 dB. Seams were not measured again.
 * test/worker/jobs/quality/clip-limits.measure.ts renders some of them anew. What a clip beyond a limit does to its job:
 * shared/contracts/clip-checks.ts.
 */
export interface ClipLimits {
  /** A frame whose mean is below is black: video black is 0, with noise and what a decoder makes of it some 2 … */
  readonly blackMean: number
  /** … unless the image is dark itself: the frame's mean is below this share of the image's, too. */
  readonly blackShare: number
  /** A frame with less than this share of the image's spread is blank: what networks leave that overflowed. */
  readonly blankShare: number
  /** An image with less spread is blank itself, and nothing in it has to be seen or to move. */
  readonly plainSpread: number
  /** Nothing moves if no two neighbours differ by more. 0.02: a fiftieth of the bytes by one level. */
  readonly frozenChange: number
  /** Decode chunks flicker if the change where they meet is more than so many times the others' … */
  readonly seamRatio: number
  /** … and more than so many levels above it, which is about what an eye makes out. */
  readonly seamExcess: number
  /** Below it, the first frame shows something else than the image. */
  readonly firstFramePsnrDb: number
}

export const CLIP_LIMITS: ClipLimits = {
  blackMean: 8,
  blackShare: 0.25,
  blankShare: 0.1,
  plainSpread: 2,
  frozenChange: 0.02,
  seamRatio: 1.75,
  seamExcess: 2,
  firstFramePsnrDb: 13,
}
