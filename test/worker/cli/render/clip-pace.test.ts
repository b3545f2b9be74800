import { describe, expect, test } from 'vitest'
import { followClipPace, type ImageEnd } from '../../../../worker/cli/render/clip-pace.ts'

/** Time left of ten images after these ends, at a moment. */
const leftAfter = (ends: readonly (readonly [atSeconds: number, how: ImageEnd])[], nowSeconds: number) => {
  let seconds = 0
  const pace = followClipPace(10, () => seconds * 1000)
  for (const [atSeconds, how] of ends) {
    seconds = atSeconds
    pace.end(how)
  }
  seconds = nowSeconds
  return pace.secondsLeft()
}

describe('the time left of several images', () => {
  test.each([
    ['is unknown before the first clip', [], 100, null],
    ['includes the loading of the model after one clip', [[90, 'made']], 90, 810],
    [
      'follows the pace of the clips after the first',
      [
        [90, 'made'],
        [120, 'made'],
        [150, 'made'],
      ],
      150,
      210,
    ],
    [
      'decreases between two clips',
      [
        [90, 'made'],
        [120, 'made'],
      ],
      130,
      230,
    ],
    [
      'ignores an image that failed at once',
      [
        [1, 'failed'],
        [90, 'made'],
        [120, 'made'],
      ],
      120,
      210,
    ],
    [
      'ignores clips that were skipped',
      [
        [1, 'skipped'],
        [2, 'skipped'],
        [90, 'made'],
        [120, 'made'],
      ],
      120,
      180,
    ],
    [
      'is that of the later clips when one is late',
      [
        [90, 'made'],
        [120, 'made'],
      ],
      1_000,
      210,
    ],
    [
      'is at least one second',
      [[90, 'made'], ...Array.from({ length: 8 }, () => [120, 'made'] as const)],
      1_000,
      1,
    ],
  ] as const)('%s', (_, ends, now, expected) => {
    expect(leftAfter(ends, now)).toBe(expected)
  })
})
