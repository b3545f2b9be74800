import { expect, test } from 'vitest'
import { piecesOf } from '../../../functions/ingest/pieces-of.ts'

test('piecesOf returns full chunks and a last one with the rest', () => {
  expect(piecesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(piecesOf([], 2)).toEqual([])
})
