import { describe, expect, test } from 'vitest'
import { openDrain } from '../../../worker/queue/drain.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { virtualClock } from '../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../fixtures/virtual-time.ts'
import { workerSetup } from './worker-setup.ts'

const idOf = (image: string): string => aJobMessage({ sourceKey: `images/${image}.png` }).job_id

describe('a drain', () => {
  test('starts at the first notice and keeps the reason and the earlier deadline of that notice', () => {
    const drain = openDrain(virtualClock(openVirtualTime()))
    expect(drain.signal.aborted).toBe(false)

    drain.notify({ reason: 'SIGTERM', secondsLeft: 30 })
    drain.notify({ reason: 'Spot interruption', secondsLeft: 120 })

    expect(drain.signal.aborted).toBe(true)
    expect(drain.reason()).toBe('SIGTERM')
    expect(drain.secondsLeft()).toBe(30)
  })

  test('takes an earlier deadline from a later notice', () => {
    const drain = openDrain(virtualClock(openVirtualTime()))

    drain.notify({ reason: 'scale-in', secondsLeft: null })
    expect(drain.secondsLeft()).toBe(null)
    drain.notify({ reason: 'Spot interruption', secondsLeft: 120 })

    expect(drain.secondsLeft()).toBe(120)
  })
})

describe('a draining worker', () => {
  test('finishes the job that renders, and returns the prepared job to the queue at once', async () => {
    const setup = workerSetup({ images: ['rendering', 'prepared', 'waiting'], seconds: { render: 100 } })
    setup.after(50, () => setup.drain.notify({ reason: 'SIGTERM', secondsLeft: null }))
    const visible: number[] = []
    setup.after(51, () => visible.push(setup.visible()))

    const end = await setup.run()

    expect(visible).toEqual([2])
    expect(end).toEqual({ reason: 'SIGTERM', jobs: 1, failing: false })
    expect(await setup.resultOf('rendering')).toMatchObject({ state: 'succeeded' })
    expect(setup.eventsOf('job-released')).toEqual([
      { type: 'job-released', jobId: idOf('prepared'), reason: 'SIGTERM' },
    ])
    expect(setup.jobs.messages().length).toBe(2)
    expect(setup.visible()).toBe(2)
    expect(setup.eventsOf('draining')).toEqual([{ type: 'draining', reason: 'SIGTERM', secondsLeft: null }])
  })

  test('finishes a render that fits into the time left', async () => {
    const setup = workerSetup({ images: ['cat'], seconds: { render: 100 } })
    setup.after(50, () => setup.drain.notify({ reason: 'Spot interruption', secondsLeft: 120 }))

    await setup.run()

    expect(await setup.resultOf('cat')).toMatchObject({ state: 'succeeded' })
  })

  test('returns a job to the queue at once when its render cannot end in the time left', async () => {
    const setup = workerSetup({ images: ['cat'], seconds: { render: 1_000 } })
    setup.after(50, () => setup.drain.notify({ reason: 'Spot interruption', secondsLeft: 120 }))

    const end = await setup.run()

    expect(end.jobs).toBe(0)
    expect(setup.visible()).toBe(1)
    expect(setup.clock.elapsedMs()).toBeLessThan(52_000)
    expect(setup.disk.folders()).toEqual([])
  })

  test('publishes a rendered clip when the remaining work fits into the time left', async () => {
    const setup = workerSetup({ images: ['cat'], seconds: { finish: 20 } })
    setup.after(15, () => setup.drain.notify({ reason: 'SIGTERM', secondsLeft: 30 }))

    await setup.run()

    expect(await setup.resultOf('cat')).toMatchObject({ state: 'succeeded' })
    expect(setup.jobs.messages()).toEqual([])
  })

  test('returns a rendered job to the queue when the deadline passes before the clip is published', async () => {
    const setup = workerSetup({ images: ['cat'], seconds: { finish: 500 } })
    setup.after(15, () => setup.drain.notify({ reason: 'SIGTERM', secondsLeft: 30 }))

    await setup.run()

    expect(await setup.resultOf('cat')).toBe(null)
    expect(setup.visible()).toBe(1)
    expect(setup.clock.elapsedMs()).toBeLessThan(45_000)
  })

  test('shuts down at once when a later notice leaves no time for the job', async () => {
    const setup = workerSetup({ images: ['cat'], seconds: { render: 100 } })
    setup.after(10, () => setup.drain.notify({ reason: 'SIGTERM', secondsLeft: null }))
    setup.after(20, () => setup.drain.notify({ reason: 'Spot interruption', secondsLeft: 0 }))

    await setup.run()

    expect(setup.clock.elapsedMs()).toBeLessThan(25_000)
    expect(setup.visible()).toBe(1)
  })

  test('receives no further job', async () => {
    const setup = workerSetup()
    setup.after(0.5, () => {
      setup.drain.notify({ reason: 'SIGTERM', secondsLeft: null })
      void setup.send('cat')
    })

    const end = await setup.run()

    expect(end).toEqual({ reason: 'SIGTERM', jobs: 0, failing: false })
    expect(setup.visible()).toBe(1)
  })

  test('receives no job when the notice came before the worker started', async () => {
    const setup = workerSetup({ images: ['cat'] })
    setup.drain.notify({ reason: 'SIGTERM', secondsLeft: 30 })

    await setup.run()

    expect(setup.stages).toEqual([])
    expect(setup.visible()).toBe(1)
  })
})
