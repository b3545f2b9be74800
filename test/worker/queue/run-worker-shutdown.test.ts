import { describe, expect, test } from 'vitest'
import { openDrain } from '../../../worker/queue/drain.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aWorld } from './a-world.ts'

describe('a worker that is told to go ends in time, though store and queue have fallen silent', () => {
  const SILENT_FROM = 20
  const aSilentWorld = (pictures: readonly string[], options: Parameters<typeof aWorld>[0] = {}) => {
    let silent = false
    const before = (): void | Promise<void> => (silent ? new Promise(() => {}) : undefined)
    const world = aWorld({
      ...{ pictures, seconds: { render: 100 }, storeFaults: { before }, queueFaults: { before } },
      ...options,
    })
    world.after(SILENT_FROM, () => {
      silent = true
    })
    return world
  }
  const endOf = async (world: ReturnType<typeof aWorld>, noticeAt: number, secondsLeft: number) => {
    const drain = openDrain(world.clock)
    world.after(noticeAt, () => drain.notify({ reason: 'SIGTERM', secondsLeft }))
    await world.run(drain)
    return world.clock.elapsedMs() / 1000 - noticeAt
  }
  const deadLetters = (world: ReturnType<typeof aWorld>) =>
    world.deadLetters.send(
      Array.from({ length: 10 }, (_, index) => ({
        body: JSON.stringify(aJobMessage({ picture: `images/dead-${index}.png` })),
        groupId: 'images',
      })),
      unaborted,
    )

  test('with jobs in hand', async () => {
    const world = aSilentWorld(['rendered', 'prepared', 'queued'])
    expect(await endOf(world, 30, 25)).toBeLessThanOrEqual(24)
  })

  test.each([10, 120])('while it looks through dead letters, with %i s left', async (secondsLeft) => {
    const world = aSilentWorld(['rendered'], { options: { deadLetterIntervalSeconds: 21 } })
    await deadLetters(world)
    expect(await endOf(world, 30, secondsLeft)).toBeLessThanOrEqual(secondsLeft - 1)
  })

  test('during the last look at the dead letters', async () => {
    const world = aSilentWorld([], { options: { untilIdleSeconds: 21, deadLetterIntervalSeconds: 1_000 } })
    world.after(15, () => void deadLetters(world))
    expect(await endOf(world, 30, 25)).toBeLessThanOrEqual(24)
  })
})
