import { describe, expect, test } from 'vitest'
import { rowsOf, viewAs, weightBytes } from '../../../../worker/compiler/weights/weight-tensor.ts'
import { openWeights } from '../../../../worker/compiler/weights/weights.ts'

const weight = openWeights('unet', null).root.tensor('proj', [6, 4])

test('rowsOf gives a shape and an offset, also for rows of rows', () => {
  const part = rowsOf(weight, 2, 6)
  expect(part).toMatchObject({ shape: [4, 4], offsetBytes: 2 * 4 * 2 })
  expect(rowsOf(part, 1, 2)).toMatchObject({ shape: [1, 4], offsetBytes: 3 * 4 * 2 })
  expect(weightBytes(part)).toBe(4 * 4 * 2)
})

test('viewAs keeps the bytes of a weight', () => {
  expect(viewAs(rowsOf(weight, 2, 6), [16, 1])).toMatchObject({ shape: [16, 1], offsetBytes: 16 })
})

describe('a weight of six rows', () => {
  test.each([
    [-1, 2],
    [3, 3],
    [5, 7],
  ])('refuses rows %i to %i', (from, to) => {
    expect(() => rowsOf(weight, from, to)).toThrow(new RangeError(`proj: rows ${from} to ${to} of 6`))
  })

  test('refuses a view of another size', () => {
    expect(() => viewAs(weight, [5, 5])).toThrow(new RangeError('proj: [6,4] cannot be seen as [5,5]'))
  })
})
