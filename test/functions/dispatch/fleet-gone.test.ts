import { describe, expect, test } from 'vitest'
import type { DispatchEvent } from '../../../functions/dispatch/dispatch-world.ts'
import { LINGER_SECONDS } from '../../../functions/dispatch/fleet-figures.ts'
import { aWorld, MINUTE_MS } from './a-world.ts'

const figures = { maxWorkers: 10, maxUsdPerDay: 1000, usdPerMachineHour: { batch: 2, ecs: 1 } }
const DAY_MINUTES = 24 * 60

const usdOf = (event: DispatchEvent | undefined): number =>
  event?.type === 'dispatched' ? event.usdToday : Number.NaN

/** A deployment with both fleets, of which ECS has a backlog for so many minutes. */
const aBusyWorld = async (minutes: number, running: (desired: number) => number = (desired) => desired) => {
  const world = aWorld({ backlog: { visible: 90, inFlight: 10, delayed: 0 }, compute: 'both', figures })
  for (let minute = 0; minute < minutes; minute++) {
    await world.dispatch()
    for (const { jobId } of world.batch.active()) world.batch.move(jobId, 'RUNNING')
    world.ecs.run(running(world.ecs.desired()))
    world.wait(MINUTE_MS)
  }
  return world
}

describe('a fleet that the deployment does not have any more', () => {
  /** The same state, dispatched by a deployment whose workers are all on AWS Batch. */
  const withoutEcs = async (world: ReturnType<typeof aWorld>, minutes: number): Promise<void> => {
    const batchAlone = { ...world.world, service: null }
    for (let minute = 0; minute < minutes; minute++) {
      await world.dispatchAs(batchAlone)
      for (const { jobId } of world.batch.active()) world.batch.move(jobId, 'RUNNING')
      world.wait(MINUTE_MS)
    }
  }

  test('costs nothing on the days after', async () => {
    const world = await aBusyWorld(60)
    world.state.backlog = 0
    for (const { jobId } of world.batch.active()) world.batch.move(jobId, 'SUCCEEDED')

    await withoutEcs(world, 2 * DAY_MINUTES)

    expect(usdOf(world.last())).toBe(0)
    expect((await world.stored()).ecs).toMatchObject({ asked: 0, machines: 0, usd: 0 })
  })

  test('keeps what it cost on the day itself, and its machines for as long as they stay', async () => {
    const world = await aBusyWorld(60)
    const before = (await world.stored()).ecs

    await withoutEcs(world, 1)
    const after = (await world.stored()).ecs

    expect(before?.machines).toBeGreaterThan(0)
    expect(after?.machines).toBe(before?.machines)
    expect(after?.usd).toBeGreaterThan(before?.usd ?? Number.NaN)
    await withoutEcs(world, LINGER_SECONDS.ecs / 60 + 1)
    expect((await world.stored()).ecs?.machines).toBe(0)
  })

  test('raises no alarm for its failed starts', async () => {
    const world = await aBusyWorld(40, () => 0)
    expect(world.last()).toMatchObject({ waits: { ecs: 'machine' }, cannotStart: true })

    await withoutEcs(world, 1)

    expect(world.last()).toMatchObject({ waits: { ecs: null }, cannotStart: false })
  })
})

test('a service that ECS does not show for a minute keeps its failed starts in mind', async () => {
  const world = aWorld({ backlog: 100, compute: 'ec2', proven: false })
  for (let minute = 0; minute < 18; minute++) {
    await world.dispatch()
    world.ecs.run(world.ecs.desired())
    world.wait(MINUTE_MS)
  }
  const { ecs: before } = await world.stored()
  expect(before?.failures).toBe(1)

  await world.dispatchAs({
    ...world.world,
    service: { read: async () => null, setDesired: async () => expect.fail('there is no service') },
  })

  expect((await world.stored()).ecs).toMatchObject({ failures: 1, revision: before?.revision })
})
