import { describe, expect, test } from 'vitest'
import { aWorld, MINUTE_MS } from './a-world.ts'

describe('the service of ECS', () => {
  test('gets the count that the backlog needs, in the minute in which it comes', async () => {
    const world = aWorld({ backlog: { visible: 12, inFlight: 8, delayed: 1 }, compute: 'ec2' })

    await world.dispatch()

    expect(world.ecs.set).toEqual([3])
    expect(world.last()).toMatchObject({ backlog: 21, needed: 3, desired: 3, started: 0, active: 0 })
  })

  test('goes to none, and costs no write and no request then', async () => {
    const world = aWorld({ backlog: 20, compute: 'ec2' })
    await world.dispatch()
    world.ecs.run(2)
    world.state.backlog = 0
    const minutes = async (count: number): Promise<void> => {
      for (let minute = 0; minute < count; minute++) {
        world.wait(MINUTE_MS)
        await world.dispatch()
        world.ecs.run(world.ecs.desired())
      }
    }
    // The surplus, and then the idle time of the machines.
    await minutes(30)
    const { length } = world.output.writes
    await minutes(10)

    expect(world.ecs.set).toEqual([2, 0])
    expect(world.output.writes.length).toBe(length)
  })

  test('is told nothing twice when dispatch runs twice at once', async () => {
    const world = aWorld({ backlog: 30, compute: 'ec2' })

    await Promise.all([world.dispatch(), world.dispatch(), world.dispatch()])

    expect(world.ecs.set).toEqual([3])
    expect(world.told.filter(({ type }) => type === 'outrun').length).toBe(2)
  })

  test('that cannot be told is an error, and told by the next', async () => {
    let fails = true
    const world = aWorld({
      ...{ backlog: 30, compute: 'ec2' },
      service: {
        faults: {
          before(operation) {
            if (operation === 'setDesired' && fails) throw new Error('503')
          },
        },
      },
    })

    await expect(world.dispatch()).rejects.toThrow('503')
    expect(world.told).toMatchObject([{ stopped: 'failed' }])
    fails = false
    await world.dispatch()

    expect(world.ecs.desired()).toBe(3)
  })

  test('that is not there yet is waited for', async () => {
    const world = aWorld({ backlog: 30, compute: 'ec2', proven: false })
    world.ecs.remove()

    await world.dispatch()

    expect(world.last()).toMatchObject({ needed: 3, desired: null, cannotStart: false })
  })

  test('that CloudFormation has just made has its one task taken back', async () => {
    const world = aWorld({ compute: 'ec2', proven: false, service: { desired: 1 } })

    await world.dispatch()

    expect(world.ecs.set).toEqual([0])
  })

  test('is left alone by a deployment: old tasks stay, and one of the new version comes', async () => {
    const world = aWorld({ backlog: { visible: 100, inFlight: 9, delayed: 0 }, compute: 'ec2' })
    await world.dispatch()
    world.ecs.run(11)
    world.ecs.deploy()
    world.wait(MINUTE_MS)

    await world.dispatch()

    expect(world.ecs.set).toEqual([11])
    expect(world.last()).toMatchObject({ desired: 11, waits: { ecs: 'canary' } })
    world.ecs.endOlder()
    world.wait(MINUTE_MS)
    await world.dispatch()
    expect(world.ecs.set).toEqual([11, 1])
  })
})

describe('both fleets', () => {
  test('look at the whole backlog, each with its own limit', async () => {
    const world = aWorld({ backlog: 30, compute: 'both' })

    await world.dispatch()

    expect(world.batch.active().length).toBe(3)
    expect(world.ecs.desired()).toBe(3)
  })

  test('wait on their own: what fails on one does not stop the other', async () => {
    const world = aWorld({ backlog: 30, compute: 'both' })
    await world.dispatch()
    for (const { jobId } of world.batch.active()) world.batch.move(jobId, 'FAILED')
    world.wait(MINUTE_MS)

    await world.dispatch()

    expect(world.last()).toMatchObject({ waits: { batch: 'back-off', ecs: null }, desired: 3 })
  })
})
