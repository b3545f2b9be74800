import { expect, test } from 'vitest'
import { inLanes } from '../../shared/in-lanes.ts'

test('inLanes returns results in the order of items and runs at most as many at once as there are lanes', async () => {
  let running = 0
  let most = 0
  const results = await inLanes([3, 1, 2, 0], 2, async (turns) => {
    most = Math.max(most, ++running)
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    running -= 1
    return turns * 10
  })
  expect(results).toEqual([30, 10, 20, 0])
  expect(most).toBe(2)
})

test('inLanes starts no other item after an error and throws it when running items have ended', async () => {
  const begun: number[] = []
  const ended: number[] = []
  const work = async (item: number): Promise<void> => {
    begun.push(item)
    for (let turn = 0; turn < (item === 0 ? 5 : 20); turn++) await Promise.resolve()
    if (item === 0) throw new Error('no luck')
    ended.push(item)
  }
  await expect(inLanes([0, 1, 2, 3], 2, work)).rejects.toThrow('no luck')
  expect(begun).toEqual([0, 1])
  expect(ended).toEqual([1])
})
