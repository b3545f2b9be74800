import { describe, expect, test } from 'vitest'
import { rowsOf, viewAs, weightBytes } from '../../../../worker/compiler/weights/weight-tensor.ts'
import { openWeights } from '../../../../worker/compiler/weights/weights.ts'

const weight = openWeights('unet', null).root.tensor('proj', [6, 4])

test('rows are a shape and an offset, also rows of rows', () => {
  const part = rowsOf(weight, 2, 6)
  expect(part).toMatchObject({ shape: [4, 4], offsetBytes: 2 * 4 * 2 })
  expect(rowsOf(part, 1, 2)).toMatchObject({ shape: [1, 4], offsetBytes: 3 * 4 * 2 })
  expect(weightBytes(part)).toBe(4 * 4 * 2)
})

test('a view has the same bytes', () => {
  expect(viewAs(rowsOf(weight, 2, 6), [16, 1])).toMatchObject({ shape: [16, 1], offsetBytes: 16 })
})

describe('refuses', () => {
  test.each([
    [-1, 2],
    [3, 3],
    [5, 7],
  ])('rows %i to %i of six', (from, to) => {
    expect(() => rowsOf(weight, from, to)).toThrow(new RangeError(`proj: rows ${from} to ${to} of 6`))
  })

  test('a view of another size', () => {
    expect(() => viewAs(weight, [5, 5])).toThrow(new RangeError('proj: [6,4] cannot be seen as [5,5]'))
  })
})
