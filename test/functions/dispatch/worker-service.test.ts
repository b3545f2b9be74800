import { describe, expect, test } from 'vitest'
import { dispatchSetup, MINUTE_MS } from './dispatch-setup.ts'

describe('the ECS service', () => {
  test('gets the count that the backlog needs in the minute the backlog appears', async () => {
    const setup = dispatchSetup({ backlog: { visible: 12, inFlight: 8, delayed: 1 }, compute: 'ec2' })

    await setup.dispatch()

    expect(setup.ecs.set).toEqual([3])
    expect(setup.last()).toMatchObject({ backlog: 21, needed: 3, desired: 3, started: 0, active: 0 })
  })

  test('is set to zero when the backlog is empty, and then causes no writes and no requests', async () => {
    const setup = dispatchSetup({ backlog: 20, compute: 'ec2' })
    await setup.dispatch()
    setup.ecs.run(2)
    setup.state.backlog = 0
    const minutes = async (count: number): Promise<void> => {
      for (let minute = 0; minute < count; minute++) {
        setup.wait(MINUTE_MS)
        await setup.dispatch()
        setup.ecs.run(setup.ecs.desired())
      }
    }
    // The surplus, and then the idle time of the machines.
    await minutes(30)
    const { length } = setup.output.writes
    await minutes(10)

    expect(setup.ecs.set).toEqual([2, 0])
    expect(setup.output.writes.length).toBe(length)
  })

  test('is set once when dispatch runs three times at once', async () => {
    const setup = dispatchSetup({ backlog: 30, compute: 'ec2' })

    await Promise.all([setup.dispatch(), setup.dispatch(), setup.dispatch()])

    expect(setup.ecs.set).toEqual([3])
    expect(setup.told.filter(({ type }) => type === 'outrun').length).toBe(2)
  })

  test('that cannot be updated fails the invocation and is updated by the next', async () => {
    let fails = true
    const setup = dispatchSetup({
      ...{ backlog: 30, compute: 'ec2' },
      service: {
        faults: {
          before(operation) {
            if (operation === 'setDesired' && fails) throw new Error('503')
          },
        },
      },
    })

    await expect(setup.dispatch()).rejects.toThrow('503')
    expect(setup.told).toMatchObject([{ stopped: 'failed' }])
    fails = false
    await setup.dispatch()

    expect(setup.ecs.desired()).toBe(3)
  })

  test('that does not exist yet causes no error', async () => {
    const setup = dispatchSetup({ backlog: 30, compute: 'ec2', proven: false })
    setup.ecs.remove()

    await setup.dispatch()

    expect(setup.last()).toMatchObject({ needed: 3, desired: null, cannotStart: false })
  })

  test('that CloudFormation has just created is set from one task to zero', async () => {
    const setup = dispatchSetup({ compute: 'ec2', proven: false, service: { desired: 1 } })

    await setup.dispatch()

    expect(setup.ecs.set).toEqual([0])
  })

  test('keeps its old tasks during a deployment and gets one task of the new version', async () => {
    const setup = dispatchSetup({ backlog: { visible: 100, inFlight: 9, delayed: 0 }, compute: 'ec2' })
    await setup.dispatch()
    setup.ecs.run(11)
    setup.ecs.deploy()
    setup.wait(MINUTE_MS)

    await setup.dispatch()

    expect(setup.ecs.set).toEqual([11])
    expect(setup.last()).toMatchObject({ desired: 11, waits: { ecs: 'canary' } })
    setup.ecs.endOlder()
    setup.wait(MINUTE_MS)
    await setup.dispatch()
    expect(setup.ecs.set).toEqual([11, 1])
  })
})

describe('dispatch with both fleets', () => {
  test('counts the whole backlog for each fleet', async () => {
    const setup = dispatchSetup({ backlog: 30, compute: 'both' })

    await setup.dispatch()

    expect(setup.batch.active().length).toBe(3)
    expect(setup.ecs.desired()).toBe(3)
  })

  test('starts ECS workers although Batch workers fail', async () => {
    const setup = dispatchSetup({ backlog: 30, compute: 'both' })
    await setup.dispatch()
    for (const { jobId } of setup.batch.active()) setup.batch.move(jobId, 'FAILED')
    setup.wait(MINUTE_MS)

    await setup.dispatch()

    expect(setup.last()).toMatchObject({ waits: { batch: 'back-off', ecs: null }, desired: 3 })
  })
})
