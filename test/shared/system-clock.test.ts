import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { systemClock } from '../../shared/system-clock.ts'

const HOUR_MS = 60 * 60 * 1000

/** Count of timers that keep this process alive. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('a sleep ends, and removes its listener from the signal', async () => {
  const { signal } = new AbortController()
  await systemClock.sleep(1, signal)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('a sleep of negative length ends at once', async () => {
  await systemClock.sleep(-HOUR_MS, new AbortController().signal)
})

test('a sleep whose signal aborts rejects with its reason, and leaves no timer', async () => {
  const controller = new AbortController()
  const before = timers()
  const sleeping = systemClock.sleep(HOUR_MS, controller.signal)
  expect(timers()).toBe(before + 1)
  controller.abort('done')
  await expect(sleeping).rejects.toBe('done')
  expect(timers()).toBe(before)
})

test('a sleep whose signal has already aborted rejects, and starts no timer', async () => {
  const before = timers()
  await expect(systemClock.sleep(HOUR_MS, AbortSignal.abort('done'))).rejects.toBe('done')
  expect(timers()).toBe(before)
})
