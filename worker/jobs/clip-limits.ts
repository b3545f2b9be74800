/**
 * Where a clip counts as broken. Levels are 8-bit.
 *
 * Chosen between clips that are as they should be and the same clips spoilt, so that no good one is refused: whether a
 * clip is beautiful is for people to judge, and only what nobody can have meant is caught.
 */
export interface ClipLimits {
  /** A frame whose mean is below is black: video black is 0, with noise and what a decoder makes of it some 2 … */
  readonly blackMean: number
  /** … unless the picture is dark itself: the frame's mean is below this share of the picture's, too. */
  readonly blackShare: number
  /** A frame with less than this share of the picture's spread is blank: what networks leave that overflowed. */
  readonly blankShare: number
  /** A picture with less spread is blank itself, and nothing in it has to be seen or to move. */
  readonly plainSpread: number
  /** Nothing moves if no two neighbours differ by more. 0.02: a fiftieth of the bytes by one level. */
  readonly frozenChange: number
  /** Decode chunks flicker if the change where they meet is more than so many times the others' … */
  readonly seamRatio: number
  /** … and more than so many levels above it, which is about what an eye makes out. */
  readonly seamExcess: number
  /** Below it, the first frame shows something else than the picture. */
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
