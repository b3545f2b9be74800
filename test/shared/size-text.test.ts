import { expect, test } from 'vitest'
import { formatBytes, formatTera } from '../../shared/size-text.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [84_249, '84.2 kB'],
  [999_999, '1.00 MB'],
  [412_000_000, '412 MB'],
  [3_049_246_164, '3.05 GB'],
])('formatBytes shows %d bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  [159.896e12, '159.90'],
  [0.33459e12, '0.3346'],
  [14_581_760, '0.00001458'],
])('formatTera shows %d FLOPs as %s TFLOPs', (flops, text) => {
  expect(formatTera(flops)).toBe(text)
})
