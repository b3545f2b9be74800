import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { inParallel, piecesOf } from '../../../functions/ingest/in-parallel.ts'

describe('work in parallel', () => {
  test('has its results in the order of the items, and no more under way than the limit', async () => {
    let underWay = 0
    let most = 0
    const results = await inParallel([5, 1, 4, 2, 3], 2, async (turns) => {
      underWay += 1
      most = Math.max(most, underWay)
      for (let i = 0; i < turns; i++) await turn()
      underWay -= 1
      return turns * 10
    })
    expect(results).toEqual([50, 10, 40, 20, 30])
    expect(most).toBe(2)
  })

  test('begins nothing after a failure, and ends when nothing is under way', async () => {
    const begun: number[] = []
    const ended: number[] = []
    const all = inParallel([1, 2, 3, 4], 2, async (item) => {
      begun.push(item)
      if (item === 1) throw new Error('broken')
      await turn()
      ended.push(item)
    })
    await expect(all).rejects.toThrow('broken')
    expect({ begun, ended }).toEqual({ begun: [1, 2], ended: [2] })
  })

  test('is nothing without items', async () => {
    expect(await inParallel([], 2, () => Promise.reject(new Error('not called')))).toEqual([])
  })
})

test('pieces are as large as they may be, the last the rest', () => {
  expect(piecesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(piecesOf([], 2)).toEqual([])
})
