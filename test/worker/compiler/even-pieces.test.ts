import { expect, test } from 'vitest'
import { evenPieces } from '../../../worker/compiler/even-pieces.ts'

test('evenPieces cuts a range into adjacent chunks whose sizes differ by at most one', () => {
  expect(evenPieces(7, 3)).toEqual([
    { from: 0, to: 2 },
    { from: 2, to: 5 },
    { from: 5, to: 7 },
  ])
  expect(evenPieces(4, 4).map(({ from, to }) => to - from)).toEqual([1, 1, 1, 1])
  expect(evenPieces(5, 1)).toEqual([{ from: 0, to: 5 }])
})
