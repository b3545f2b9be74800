import { describe, expect, test } from 'vitest'
import { openDrain } from '../../../worker/queue/drain.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { virtualClock } from '../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../fixtures/virtual-time.ts'
import { workerSetup } from './worker-setup.ts'

const idOf = (image: string): string => aJobMessage({ sourceKey: `images/${image}.png` }).job_id

describe('notices', () => {
  test('the first one begins it, and gives its reason', () => {
    const drain = openDrain(virtualClock(openVirtualTime()))
    expect(drain.signal.aborted).toBe(false)

    drain.notify({ reason: 'SIGTERM', secondsLeft: 30 })
    drain.notify({ reason: 'Spot interruption', secondsLeft: 120 })

    expect(drain.signal.aborted).toBe(true)
    expect(drain.reason()).toBe('SIGTERM')
    expect(drain.secondsLeft()).toBe(30)
  })

  test('a later one can bring the end nearer', () => {
    const drain = openDrain(virtualClock(openVirtualTime()))

    drain.notify({ reason: 'scale-in', secondsLeft: null })
    expect(drain.secondsLeft()).toBe(null)
    drain.notify({ reason: 'Spot interruption', secondsLeft: 120 })

    expect(drain.secondsLeft()).toBe(120)
  })
})

describe('a worker that has to go', () => {
  test('finishes the job that renders, and hands back the one that is prepared, at once', async () => {
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

  test('finishes what it can within the time', async () => {
    const setup = workerSetup({ images: ['cat'], seconds: { render: 100 } })
    setup.after(50, () => setup.drain.notify({ reason: 'Spot interruption', secondsLeft: 120 }))

    await setup.run()

    expect(await setup.resultOf('cat')).toMatchObject({ state: 'succeeded' })
  })

  test('hands back at once what it cannot finish in time, so that another can begin', async () => {
    const setup = workerSetup({ images: ['cat'], seconds: { render: 1_000 } })
    setup.after(50, () => setup.drain.notify({ reason: 'Spot interruption', secondsLeft: 120 }))

    const end = await setup.run()

    expect(end.jobs).toBe(0)
    expect(setup.visible()).toBe(1)
    expect(setup.clock.elapsedMs()).toBeLessThan(52_000)
    expect(setup.disk.folders()).toEqual([])
  })

  test('publishes what is finished', async () => {
    const setup = workerSetup({ images: ['cat'], seconds: { finish: 20 } })
    setup.after(15, () => setup.drain.notify({ reason: 'SIGTERM', secondsLeft: 30 }))

    await setup.run()

    expect(await setup.resultOf('cat')).toMatchObject({ state: 'succeeded' })
    expect(setup.jobs.messages()).toEqual([])
  })

  test('hands back even what it is publishing when the time is over', async () => {
    const setup = workerSetup({ images: ['cat'], seconds: { finish: 500 } })
    setup.after(15, () => setup.drain.notify({ reason: 'SIGTERM', secondsLeft: 30 }))

    await setup.run()

    expect(await setup.resultOf('cat')).toBe(null)
    expect(setup.visible()).toBe(1)
    expect(setup.clock.elapsedMs()).toBeLessThan(45_000)
  })

  test('goes at once when the end comes nearer than a job can be done', async () => {
    const setup = workerSetup({ images: ['cat'], seconds: { render: 100 } })
    setup.after(10, () => setup.drain.notify({ reason: 'SIGTERM', secondsLeft: null }))
    setup.after(20, () => setup.drain.notify({ reason: 'Spot interruption', secondsLeft: 0 }))

    await setup.run()

    expect(setup.clock.elapsedMs()).toBeLessThan(25_000)
    expect(setup.visible()).toBe(1)
  })

  test('takes nothing on any more', async () => {
    const setup = workerSetup()
    setup.after(0.5, () => {
      setup.drain.notify({ reason: 'SIGTERM', secondsLeft: null })
      void setup.send('cat')
    })

    const end = await setup.run()

    expect(end).toEqual({ reason: 'SIGTERM', jobs: 0, failing: false })
    expect(setup.visible()).toBe(1)
  })

  test('does not begin when it was told before', async () => {
    const setup = workerSetup({ images: ['cat'] })
    setup.drain.notify({ reason: 'SIGTERM', secondsLeft: 30 })

    await setup.run()

    expect(setup.stages).toEqual([])
    expect(setup.visible()).toBe(1)
  })
})
