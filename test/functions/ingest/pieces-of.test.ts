import { expect, test } from 'vitest'
import { piecesOf } from '../../../functions/ingest/pieces-of.ts'

test('pieces are as large as they may be, the last the rest', () => {
  expect(piecesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(piecesOf([], 2)).toEqual([])
})
