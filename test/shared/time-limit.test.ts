import { expect, test } from 'vitest'
import { withTimeLimit } from '../../shared/time-limit.ts'
import { virtualClock } from '../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../fixtures/virtual-time.ts'

const aWait = () => {
  const time = openVirtualTime()
  const clock = virtualClock(time)
  const outcomes: unknown[] = []
  const follow = (promise: Promise<unknown>): void => {
    promise.then(
      (value) => outcomes.push(value),
      (error: Error) => outcomes.push(error.message),
    )
  }
  return { time, clock, outcomes, follow, end: () => time.runUntil(() => outcomes.length > 0, 60_000) }
}

test('withTimeLimit returns a result that comes in time', async () => {
  const { time, clock, outcomes, follow, end } = aWait()

  follow(withTimeLimit({ clock, limitMs: 5_000 }, (signal) => clock.sleep(4_999, signal).then(() => 'done')))
  await end()

  expect(outcomes).toEqual(['done'])
  expect(time.nowMs()).toBe(4_999)
})

test('withTimeLimit fails after its limit and states it', async () => {
  const { time, clock, outcomes, follow, end } = aWait()

  follow(withTimeLimit({ clock, limitMs: 5_000 }, (signal) => clock.sleep(6_000, signal)))
  await end()

  expect(outcomes).toEqual(['no answer within 5 s'])
  expect(time.nowMs()).toBe(5_000)
})

test('withTimeLimit names the work that exceeds its limit', async () => {
  const { clock, outcomes, follow, end } = aWait()

  const what = 'uploading the clip'
  follow(withTimeLimit({ clock, limitMs: 5_000, what }, (signal) => clock.sleep(6_000, signal)))
  await end()

  expect(outcomes).toEqual(['uploading the clip took more than 5 s'])
})

test('withTimeLimit fails with the reason of an aborted signal', async () => {
  const { time, clock, outcomes, follow, end } = aWait()
  const controller = new AbortController()
  time.after(1_000, () => controller.abort(new Error('SIGTERM')))

  follow(
    withTimeLimit({ clock, limitMs: 5_000, signal: controller.signal }, (signal) =>
      clock.sleep(6_000, signal),
    ),
  )
  await end()

  expect(outcomes).toEqual(['SIGTERM'])
})
