import { expect, test } from 'vitest'
import { once } from '../../shared/once.ts'

test('once computes a value once per key, also when that is false, null or undefined', () => {
  const asked: number[] = []
  const values = [false, null, undefined, 0]
  const valueAt = once((index: number) => {
    asked.push(index)
    return values[index]
  })
  const all = (): unknown[] => values.map((_, index) => valueAt(index))
  expect(all()).toEqual(values)
  expect(all()).toEqual(values)
  expect(asked).toEqual([0, 1, 2, 3])
})

test('once repeats a computation that threw', () => {
  let calls = 0
  const value = once((_: 'key') => {
    calls++
    if (calls === 1) throw new Error('not yet')
    return calls
  })
  expect(() => value('key')).toThrow('not yet')
  expect([value('key'), value('key')]).toEqual([2, 2])
})
