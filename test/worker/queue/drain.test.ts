import { describe, expect, test } from 'vitest'
import { openDrain } from '../../../worker/queue/drain.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'
import { virtualClock } from '../../fixtures/virtual-clock.ts'
import { openVirtualTime } from '../../fixtures/virtual-time.ts'
import { aWorld } from './a-world.ts'

const idOf = (picture: string): string => aJobMessage({ picture: `images/${picture}.png` }).job_id

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
    const world = aWorld({ pictures: ['rendering', 'prepared', 'waiting'], seconds: { render: 100 } })
    world.after(50, () => world.drain.notify({ reason: 'SIGTERM', secondsLeft: null }))
    const visible: number[] = []
    world.after(51, () => visible.push(world.visible()))

    const end = await world.run()

    expect(visible).toEqual([2])
    expect(end).toEqual({ reason: 'SIGTERM', jobs: 1, failing: false })
    expect(await world.resultOf('rendering')).toMatchObject({ state: 'succeeded' })
    expect(world.eventsOf('job-released')).toEqual([
      { type: 'job-released', jobId: idOf('prepared'), reason: 'SIGTERM' },
    ])
    expect(world.jobs.messages().length).toBe(2)
    expect(world.visible()).toBe(2)
    expect(world.eventsOf('draining')).toEqual([{ type: 'draining', reason: 'SIGTERM', secondsLeft: null }])
  })

  test('finishes what it can within the time', async () => {
    const world = aWorld({ pictures: ['cat'], seconds: { render: 100 } })
    world.after(50, () => world.drain.notify({ reason: 'Spot interruption', secondsLeft: 120 }))

    await world.run()

    expect(await world.resultOf('cat')).toMatchObject({ state: 'succeeded' })
  })

  test('hands back at once what it cannot finish in time, so that another can begin', async () => {
    const world = aWorld({ pictures: ['cat'], seconds: { render: 1_000 } })
    world.after(50, () => world.drain.notify({ reason: 'Spot interruption', secondsLeft: 120 }))

    const end = await world.run()

    expect(end.jobs).toBe(0)
    expect(world.visible()).toBe(1)
    expect(world.clock.elapsedMs()).toBeLessThan(52_000)
    expect(world.disk.folders()).toEqual([])
  })

  test('publishes what is finished', async () => {
    const world = aWorld({ pictures: ['cat'], seconds: { finish: 20 } })
    world.after(15, () => world.drain.notify({ reason: 'SIGTERM', secondsLeft: 30 }))

    await world.run()

    expect(await world.resultOf('cat')).toMatchObject({ state: 'succeeded' })
    expect(world.jobs.messages()).toEqual([])
  })

  test('hands back even what it is publishing when the time is over', async () => {
    const world = aWorld({ pictures: ['cat'], seconds: { finish: 500 } })
    world.after(15, () => world.drain.notify({ reason: 'SIGTERM', secondsLeft: 30 }))

    await world.run()

    expect(await world.resultOf('cat')).toBe(null)
    expect(world.visible()).toBe(1)
    expect(world.clock.elapsedMs()).toBeLessThan(45_000)
  })

  test('goes at once when the end comes nearer than a job can be done', async () => {
    const world = aWorld({ pictures: ['cat'], seconds: { render: 100 } })
    world.after(10, () => world.drain.notify({ reason: 'SIGTERM', secondsLeft: null }))
    world.after(20, () => world.drain.notify({ reason: 'Spot interruption', secondsLeft: 0 }))

    await world.run()

    expect(world.clock.elapsedMs()).toBeLessThan(25_000)
    expect(world.visible()).toBe(1)
  })

  test('takes nothing on any more', async () => {
    const world = aWorld()
    world.after(0.5, () => {
      world.drain.notify({ reason: 'SIGTERM', secondsLeft: null })
      void world.send('cat')
    })

    const end = await world.run()

    expect(end).toEqual({ reason: 'SIGTERM', jobs: 0, failing: false })
    expect(world.visible()).toBe(1)
  })

  test('does not begin when it was told before', async () => {
    const world = aWorld({ pictures: ['cat'] })
    world.drain.notify({ reason: 'SIGTERM', secondsLeft: 30 })

    await world.run()

    expect(world.stages).toEqual([])
    expect(world.visible()).toBe(1)
  })
})
