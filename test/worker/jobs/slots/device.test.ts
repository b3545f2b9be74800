import { expect, test } from 'vitest'
import { createDeviceSlot, type DeviceSlot } from '../../../../worker/jobs/slots/device.ts'
import { CardUnusableError } from '../../../../worker/renderer/card-unusable-error.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { virtualClock } from '../../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../../fixtures/virtual-time.ts'

const aDevice = () => {
  const time = openVirtualTime()
  const clock = virtualClock(time)
  const device = createDeviceSlot(clock)
  const seen: string[] = []
  const use = (name: string, seconds: number, { first = false, fails = false } = {}): Promise<void> =>
    device
      .use(
        async () => {
          await clock.sleep(seconds * 1000, unaborted)
          if (fails) throw new Error('crashed')
        },
        {
          signal: unaborted,
          first,
          onStart: (idleMs) => seen.push(`${time.nowMs() / 1000} ${name} after ${idleMs} ms`),
          onEnd: (usedSeconds) => seen.push(`${time.nowMs() / 1000} ${name} used ${usedSeconds} s`),
        },
      )
      .catch(() => {})
  const later = (seconds: number, run: () => void): void => void time.after(seconds * 1000, run)
  const untilOver = (uses: readonly Promise<void>[]): Promise<void> => {
    let over = false
    void Promise.all(uses).then(() => {
      over = true
    })
    return time.runUntil(() => over, 1_000_000)
  }
  return { device: device satisfies DeviceSlot, seen, use, later, untilOver }
}

test('the device has one user at a time, and each use reports the idle time before it', async () => {
  const { seen, use, later, untilOver } = aDevice()
  const late = new Promise<void>((resolve) => later(10, () => void use('c', 1).then(resolve)))

  await untilOver([use('a', 3), use('b', 4), late])

  expect(seen).toEqual([
    '0 a after null ms',
    '3 a used 3 s',
    '3 b after 0 ms',
    '7 b used 4 s',
    '10 c after 3000 ms',
    '11 c used 1 s',
  ])
})

test('a use with the option first runs before all uses that wait', async () => {
  const { seen, use, untilOver } = aDevice()

  await untilOver([use('a', 3), use('b', 1), use('again', 1, { first: true })])

  expect(seen.filter((line) => line.includes('after'))).toEqual([
    '0 a after null ms',
    '3 again after 0 ms',
    '4 b after 0 ms',
  ])
})

test('a use that fails counts as device time and frees the device', async () => {
  const { device, seen, use, untilOver } = aDevice()

  await untilOver([use('a', 3, { fails: true }), use('b', 1)])

  expect(seen).toContain('3 a used 3 s')
  expect(seen).toContain('3 b after 0 ms')
  expect(device.endedMs()).toBe(4_000)
})

test('a GPU that cannot be used runs no further use, and is reported before the next use', async () => {
  const clock = virtualClock(openVirtualTime())
  const seen: string[] = []
  const device = createDeviceSlot(clock, ({ message }) => seen.push(`reported: ${message}`))
  const use = (name: string): Promise<void> =>
    device.use(
      async () => {
        seen.push(`${name} runs`)
        throw new CardUnusableError('the card is lost')
      },
      { signal: unaborted, first: false, onStart: () => {}, onEnd: () => {} },
    )

  const uses = await Promise.allSettled([use('a'), use('b')])

  expect(seen).toEqual(['a runs', 'reported: the card is lost'])
  expect(uses).toMatchObject(Array(2).fill({ reason: new CardUnusableError('the card is lost') }))
})
