import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { oneAhead } from '../../../worker/clips/one-ahead.ts'

/** Work on single characters, which ends when the test ends it. */
const anAssemblyLine = () => {
  const begun: string[] = []
  const ends = new Map<string, PromiseWithResolvers<string>>()
  const endOf = (letter: string): PromiseWithResolvers<string> => {
    const end = ends.get(letter) ?? Promise.withResolvers<string>()
    ends.set(letter, end)
    return end
  }
  const work = (letter: string): Promise<string> => {
    begun.push(letter)
    return endOf(letter).promise
  }
  return {
    begun,
    work,
    end: (letter: string): void => endOf(letter).resolve(letter.toUpperCase()),
    fail: (letter: string, reason: Error): void => endOf(letter).reject(reason),
  }
}

describe('oneAhead', () => {
  test('starts the next item when a result is taken, and none beyond it', async () => {
    const { begun, work, end } = anAssemblyLine()
    const results = oneAhead(['a', 'b', 'c'], work)
    for (const letter of 'abc') end(letter)
    expect(begun).toEqual([])
    expect(await results.next()).toEqual({ done: false, value: 'A' })
    expect(begun).toEqual(['a', 'b'])
    expect(await results.next()).toEqual({ done: false, value: 'B' })
    expect(begun).toEqual(['a', 'b', 'c'])
    expect(await results.next()).toEqual({ done: false, value: 'C' })
    expect((await results.next()).done).toBe(true)
  })

  test('rejects with a failure when its result is requested, not before', async () => {
    const { work, end, fail } = anAssemblyLine()
    const reason = new Error('no luck')
    const results = oneAhead(['a', 'b'], work)
    end('a')
    fail('b', reason)
    expect((await results.next()).value).toBe('A')
    await expect(results.next()).rejects.toBe(reason)
  })

  test('waits for work that is running when its caller leaves early', async () => {
    const { begun, work, end } = anAssemblyLine()
    const results = oneAhead(['a', 'b', 'c'], work)
    end('a')
    await results.next()
    const events: string[] = []
    const left = results.return(undefined).then(() => events.push('left'))
    await setImmediate()
    events.push('b ends')
    end('b')
    await left
    expect(events).toEqual(['b ends', 'left'])
    expect(begun).toEqual(['a', 'b'])
  })
})
