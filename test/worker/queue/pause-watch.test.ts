import { describe, expect, test } from 'vitest'
import { DISPATCH_PAUSE_KEY } from '../../../shared/contracts/bucket-layout.ts'
import { encodePauseRecord } from '../../../shared/contracts/pause-record.ts'
import { openDrain } from '../../../worker/queue/drain.ts'
import { watchForPause } from '../../../worker/queue/pause-watch.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { dateAt } from '../../fixtures/virtual-clock.ts'
import { workerSetup } from './worker-setup.ts'

const REASON = 'the budget of 20 USD for 2026-01-01 is reached'
/** A day of the tests' clock, which starts at midnight UTC. */
const DAY_SECONDS = 86_400
const JSON_TYPE = { contentType: 'application/json' }

/** A worker with ten clips of 50 s, which is paused after 120 s until `untilSeconds`. */
const aWorker = (untilSeconds: number) => {
  const images = Array.from('abcdefghij')
  const setup = workerSetup({ images, seconds: { render: 50 } })
  const pause = (text: Uint8Array): Promise<unknown> =>
    setup.store.put(DISPATCH_PAUSE_KEY, text, JSON_TYPE, unaborted)
  setup.after(120, () => {
    pause(encodePauseRecord({ until: dateAt(untilSeconds * 1000).toISOString(), reason: REASON })).catch(
      () => {},
    )
  })
  /** Runs the worker until it ends, with a watch for the pause. */
  const run = async () => {
    const ended = new AbortController()
    const drain = openDrain(setup.clock)
    watchForPause({ store: setup.store, clock: setup.clock, notify: drain.notify }, ended.signal)
    const end = await setup.run(drain)
    ended.abort()
    return end
  }
  return { setup, pause, run }
}

describe('a worker', () => {
  test('stops receiving jobs within a minute after a pause, finishes its render, and exits without failure', async () => {
    const { setup, run } = aWorker(DAY_SECONDS)

    const end = await run()

    expect(end).toEqual({
      reason: `${REASON}; workers pause until 2026-01-02T00:00:00.000Z`,
      jobs: end.jobs,
      failing: false,
    })
    // Checks are at 0, 60, 120 and 180 s, and a clip ends every 50 s. The clip that renders at 180 s ends at about 200 s.
    expect(end.jobs).toBeGreaterThanOrEqual(3)
    expect(end.jobs).toBeLessThanOrEqual(4)
    expect(setup.jobs.messages().length).toBe(10 - end.jobs)
    expect(setup.visible()).toBe(10 - end.jobs)
  })

  test('renders all jobs when the pause record has expired', async () => {
    const { run } = aWorker(100)

    expect(await run()).toMatchObject({ jobs: 10, failing: false })
  })

  test('that starts during a pause receives no job and exits without failure', async () => {
    const { setup, pause, run } = aWorker(DAY_SECONDS)
    await pause(encodePauseRecord({ until: dateAt(DAY_SECONDS * 1000).toISOString(), reason: REASON }))

    expect(await run()).toMatchObject({ jobs: 0, failing: false })
    expect(setup.visible()).toBe(10)
  })

  test('renders all jobs when the pause record cannot be parsed', async () => {
    const { setup, pause, run } = aWorker(100)
    setup.after(1, () => {
      pause(Buffer.from('{"until": "soon"}')).catch(() => {})
    })

    expect(await run()).toMatchObject({ jobs: 10 })
  })
})
