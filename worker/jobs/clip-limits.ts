/*
 * Where a clip counts as broken. Chosen between clips that are as they should be and the same clips spoilt, so that no
 * good one is refused: what people see in a clip is theirs to judge, and only what cannot be meant is caught.
 * Levels are 8-bit.
 */

/** Darker is black: video black is 0, with noise and what a decoder makes of it some 2. */
export const BLACK_MEAN = 8
/** A picture of the night is dark itself: black is also a fraction of what the picture has. */
export const BLACK_SHARE = 0.25

/** A frame with less of the picture's spread is blank: what networks leave that overflowed. */
export const BLANK_SHARE = 0.1

/** Pictures with less are blank themselves, and nothing in them has to be seen or to move. */
export const PLAIN_SPREAD = 2

/** Nothing moves if no two neighbours differ by more: a fiftieth of the bytes by one level. */
export const FROZEN_CHANGE = 0.02

/** Decode chunks flicker if the change between them is so many times the others' … */
export const SEAM_RATIO = 1.75
/** … and so many levels more, which is about what an eye makes out. */
export const SEAM_EXCESS = 2

/** The first frame shows something else than the picture. */
export const FIRST_FRAME_PSNR_DB = 13
