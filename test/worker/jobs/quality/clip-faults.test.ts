import { expect, test } from 'vitest'
import { clipFaults } from '../../../../worker/jobs/quality/clip-faults.ts'
import type { ClipFigures } from '../../../../worker/jobs/quality/clip-figures.ts'
import { CLIP_LIMITS } from '../../../../worker/jobs/quality/clip-limits.ts'

const figuresWith = (firstFramePsnrDb: number): ClipFigures => ({
  image: { mean: 120, spread: 50 },
  frames: [{ mean: 120, spread: 50 }],
  changes: [],
  seams: new Set(),
  firstFramePsnrDb,
})

test.each([
  [11.42, '11.4'],
  [12.96, '12.96'],
  [12.9996, '12.9996'],
])('a likeness of %f dB is printed as %s, which differs from the limit of 13 dB', (psnr, text) => {
  const [fault] = clipFaults(figuresWith(psnr), CLIP_LIMITS)
  expect(fault).toEqual({
    check: 'likeness',
    text: `the first frame does not show the image: ${text} dB against it; at least 13 dB is expected`,
  })
})

test('a likeness of 13 dB is sufficient', () => {
  expect(clipFaults(figuresWith(13), CLIP_LIMITS)).toEqual([])
})

test('a black frame is not reported as blank too, and a blank frame is reported beside it', () => {
  const [black, blank, good] = [
    { mean: 0, spread: 0 },
    { mean: 120, spread: 0 },
    { mean: 120, spread: 50 },
  ]
  const checksOf = (frames: ClipFigures['frames']) =>
    clipFaults({ ...figuresWith(20), frames }, CLIP_LIMITS).map(({ check }) => check)

  expect(checksOf([good, black])).toEqual(['black'])
  expect(checksOf([good, blank])).toEqual(['blank'])
  expect(checksOf([good, blank, black])).toEqual(['black', 'blank'])
})
