import { expect, test } from 'vitest'
import { parseSample } from './memory-samples.ts'

test('parseSample reads the time and the bytes from a line of nvidia-smi', () => {
  const sample = parseSample('2026/11/29 20:36:53.123, 1024')
  expect(sample).toEqual({ atMs: new Date(2026, 10, 29, 20, 36, 53, 123).getTime(), usedBytes: 2 ** 30 })
})

test('parseSample returns null for other lines', () => {
  for (const line of ['', '2026/11/29 20:36:53.123, [N/A]', 'No devices were found']) {
    expect(parseSample(line)).toBeNull()
  }
})
