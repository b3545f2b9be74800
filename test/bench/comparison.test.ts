import { expect, test } from 'vitest'
import { compareRuns, comparisonTable, median } from './comparison.ts'
import type { SideRun } from './side-run.ts'

const aRun = (run: Partial<SideRun>): SideRun => ({
  processSeconds: 1,
  cpuSeconds: 1,
  loadSeconds: 1,
  clipSeconds: 1,
  clipAfterLoadSeconds: 1,
  stepSeconds: 1,
  decodeSeconds: 1,
  peakBytes: 2 ** 30,
  networkProcessPeakBytes: 2 ** 30,
  frames: 1,
  printed: null,
  ...run,
})

test('the median is the middle value, or the mean of the two middle values', () => {
  expect(median([9, 1, 4])).toBe(4)
  expect(median([9, 1, 4, 2])).toBe(3)
})

test('a ratio divides the figure of diffusers by that of svd-batch', () => {
  const runs = {
    diffusers: [30, 24, 27].map((processSeconds) => aRun({ processSeconds })),
    svd: [10, 9, 8].map((processSeconds) => aRun({ processSeconds })),
  }
  const whole = compareRuns(runs).find(({ measure }) => measure.startsWith('whole command'))
  expect(whole).toEqual({
    measure: expect.any(String),
    diffusers: [30, 24, 27],
    svd: [10, 9, 8],
    ratioOfMedians: 3,
    ratioOfMinima: 3,
  })
})

test('the comparison table shows memory in GiB, and every run in order', () => {
  const runs = {
    diffusers: [aRun({ peakBytes: 3 * 2 ** 30 }), aRun({ peakBytes: 2 * 2 ** 30 })],
    svd: [aRun({ peakBytes: 2 ** 29 }), aRun({ peakBytes: 2 ** 30 })],
  }
  const row = comparisonTable(compareRuns(runs))
    .split('\n')
    .find((line) => line.includes('peak memory of all'))
  expect(row).toMatch(/3\.00 {2}2\.00 .* 0\.50 {2}1\.00 .* 3\.33x .* 4\.00x/)
})
