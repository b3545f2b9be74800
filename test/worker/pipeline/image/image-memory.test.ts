import { expect, test } from 'vitest'
import { imageMemoryBytes } from '../../../../worker/pipeline/image/image-memory.ts'

test('a small image takes memory for its pixels, its blurred columns, and the input of the VAE twice', () => {
  const fitted = { width: 64, height: 32 }
  expect(imageMemoryBytes({ width: 100, height: 10 }, fitted)).toBe(
    3 * (1000 + 2048) + 12 * (1000 + 2 * 2048),
  )
})

test('a large image takes memory only for the blurred columns that CLIP reads', () => {
  const fitted = { width: 1, height: 1 }
  expect(imageMemoryBytes({ width: 6000, height: 4000 }, fitted)).toBe(
    3 * (24_000_000 + 1) + 12 * (896 * 4000 + 2),
  )
})
