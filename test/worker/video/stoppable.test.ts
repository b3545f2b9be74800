import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { stoppable } from '../../../worker/video/stoppable.ts'

const never = new Promise<never>(() => {})

async function* untilStopped() {
  yield 1
  await new Promise(() => {})
}

test('stoppable yields the items of a list and of a generator', async () => {
  expect(await Array.fromAsync(stoppable([1, 2, 3], never))).toEqual([1, 2, 3])
  expect(await Array.fromAsync(stoppable(new Set([1, 2]).values(), never))).toEqual([1, 2])
})

test('stoppable ends a wait and every later one with the reason of the stop', async () => {
  const stop = Promise.withResolvers<never>()
  const reason = new Error('the lease was lost')
  const items = stoppable(untilStopped(), stop.promise)
  expect(await items.next()).toEqual({ done: false, value: 1 })
  const waiting = items.next()
  stop.reject(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(items.next()).rejects.toBe(reason)
})

test('stoppable passes on the error that the items throw', async () => {
  const failure = new Error('decode failed')
  // biome-ignore lint/correctness/useYield: it fails at once
  function* failing() {
    throw failure
  }
  await expect(stoppable(failing(), never).next()).rejects.toBe(failure)
})

test('stoppable keeps no reference to an item that was taken', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  async function* frames() {
    for (let i = 0; i < 4; i++) yield new Uint8Array(1024)
  }
  const stop = Promise.withResolvers<never>()
  const taken: WeakRef<Uint8Array>[] = []
  for await (const frame of stoppable(frames(), stop.promise)) taken.push(new WeakRef(frame))
  await setImmediate()
  collectGarbage()
  // This loop may still hold the last one.
  expect(taken.slice(0, 3).map((frame) => frame.deref())).toEqual([undefined, undefined, undefined])
  // Until here nothing has stopped it, and the garbage collector cannot collect the stop.
  stop.reject(new Error('over'))
})
