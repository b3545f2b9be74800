import { describe, expect, test } from 'vitest'
import { openDrain } from '../../../worker/queue/drain.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { workerSetup } from './worker-setup.ts'

describe('a worker shuts down within the time left although S3 and SQS do not answer', () => {
  const SILENT_FROM = 20
  const aSilentSetup = (images: readonly string[], options: Parameters<typeof workerSetup>[0] = {}) => {
    let silent = false
    const before = (): void | Promise<void> => (silent ? new Promise(() => {}) : undefined)
    const setup = workerSetup({
      ...{ images, seconds: { render: 100 }, storeFaults: { before }, queueFaults: { before } },
      ...options,
    })
    setup.after(SILENT_FROM, () => {
      silent = true
    })
    return setup
  }
  const endOf = async (setup: ReturnType<typeof workerSetup>, noticeAt: number, secondsLeft: number) => {
    const drain = openDrain(setup.clock)
    setup.after(noticeAt, () => drain.notify({ reason: 'SIGTERM', secondsLeft }))
    await setup.run(drain)
    return setup.clock.elapsedMs() / 1000 - noticeAt
  }
  const deadLetters = (setup: ReturnType<typeof workerSetup>) =>
    setup.deadLetters.send(
      Array.from({ length: 10 }, (_, index) => ({
        body: JSON.stringify(aJobMessage({ sourceKey: `images/dead-${index}.png` })),
        groupId: 'images',
      })),
      unaborted,
    )

  test('while it has leased jobs', async () => {
    const setup = aSilentSetup(['rendered', 'prepared', 'queued'])
    expect(await endOf(setup, 30, 25)).toBeLessThanOrEqual(24)
  })

  test.each([10, 120])('while it checks dead-letter messages, with %i s left', async (secondsLeft) => {
    const setup = aSilentSetup(['rendered'], { options: { deadLetterIntervalSeconds: 21 } })
    await deadLetters(setup)
    expect(await endOf(setup, 30, secondsLeft)).toBeLessThanOrEqual(secondsLeft - 1)
  })

  test('during its last check of dead-letter messages', async () => {
    const setup = aSilentSetup([], { options: { untilIdleSeconds: 21, deadLetterIntervalSeconds: 1_000 } })
    setup.after(15, () => void deadLetters(setup))
    expect(await endOf(setup, 30, 25)).toBeLessThanOrEqual(24)
  })
})
