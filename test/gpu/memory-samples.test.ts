import { expect, test } from 'vitest'
import { parseSample } from './memory-samples.ts'

test('a line of nvidia-smi is a time of the day and bytes', () => {
  const sample = parseSample('2026/11/29 20:36:53.123, 1024')
  expect(sample).toEqual({ atMs: new Date(2026, 10, 29, 20, 36, 53, 123).getTime(), usedBytes: 2 ** 30 })
})

test('other lines are no samples', () => {
  for (const line of ['', '2026/11/29 20:36:53.123, [N/A]', 'No devices were found']) {
    expect(parseSample(line)).toBeNull()
  }
})
