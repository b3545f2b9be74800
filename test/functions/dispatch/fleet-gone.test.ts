import { describe, expect, test } from 'vitest'
import type { DispatchLogEvent } from '../../../functions/dispatch/dispatch-deps.ts'
import { LINGER_SECONDS } from '../../../functions/dispatch/fleet-figures.ts'
import { dispatchSetup, MINUTE_MS } from './dispatch-setup.ts'

const figures = { maxWorkers: 10, maxUsdPerDay: 1000, usdPerMachineHour: { batch: 2, ecs: 1 } }
const DAY_MINUTES = 24 * 60

const usdOf = (event: DispatchLogEvent | undefined): number =>
  event?.type === 'dispatched' ? event.usdToday : Number.NaN

/** A deployment with both fleets, of which ECS has a backlog for so many minutes. */
const aBusySetup = async (minutes: number, running: (desired: number) => number = (desired) => desired) => {
  const setup = dispatchSetup({
    backlog: { visible: 90, inFlight: 10, delayed: 0 },
    compute: 'both',
    figures,
  })
  for (let minute = 0; minute < minutes; minute++) {
    await setup.dispatch()
    for (const { jobId } of setup.batch.active()) setup.batch.move(jobId, 'RUNNING')
    setup.ecs.run(running(setup.ecs.desired()))
    setup.wait(MINUTE_MS)
  }
  return setup
}

describe('a fleet that was removed from the deployment', () => {
  /** The same state, dispatched by a deployment whose workers are all on AWS Batch. */
  const withoutEcs = async (setup: ReturnType<typeof dispatchSetup>, minutes: number): Promise<void> => {
    const batchAlone = { ...setup.deps, service: null }
    for (let minute = 0; minute < minutes; minute++) {
      await setup.dispatchAs(batchAlone)
      for (const { jobId } of setup.batch.active()) setup.batch.move(jobId, 'RUNNING')
      setup.wait(MINUTE_MS)
    }
  }

  test('costs nothing on the following days', async () => {
    const setup = await aBusySetup(60)
    setup.state.backlog = 0
    for (const { jobId } of setup.batch.active()) setup.batch.move(jobId, 'SUCCEEDED')

    await withoutEcs(setup, 2 * DAY_MINUTES)

    expect(usdOf(setup.last())).toBe(0)
    expect((await setup.stored()).ecs).toMatchObject({ asked: 0, machines: 0, usd: 0 })
  })

  test('keeps its cost of the day, and counts its machines until they have ended', async () => {
    const setup = await aBusySetup(60)
    const before = (await setup.stored()).ecs

    await withoutEcs(setup, 1)
    const after = (await setup.stored()).ecs

    expect(before?.machines).toBeGreaterThan(0)
    expect(after?.machines).toBe(before?.machines)
    expect(after?.usd).toBeGreaterThan(before?.usd ?? Number.NaN)
    await withoutEcs(setup, LINGER_SECONDS.ecs / 60 + 1)
    expect((await setup.stored()).ecs?.machines).toBe(0)
  })

  test('raises no alarm for its failed starts', async () => {
    const setup = await aBusySetup(40, () => 0)
    expect(setup.last()).toMatchObject({ waits: { ecs: 'machine' }, cannotStart: true })

    await withoutEcs(setup, 1)

    expect(setup.last()).toMatchObject({ waits: { ecs: null }, cannotStart: false })
  })
})

test('dispatch keeps the failed starts of an ECS service that ECS does not return for a minute', async () => {
  const setup = dispatchSetup({ backlog: 100, compute: 'ec2', proven: false })
  for (let minute = 0; minute < 18; minute++) {
    await setup.dispatch()
    setup.ecs.run(setup.ecs.desired())
    setup.wait(MINUTE_MS)
  }
  const { ecs: before } = await setup.stored()
  expect(before?.failures).toBe(1)

  await setup.dispatchAs({
    ...setup.deps,
    service: { read: async () => null, setDesired: async () => expect.fail('there is no service') },
  })

  expect((await setup.stored()).ecs).toMatchObject({ failures: 1, revision: before?.revision })
})
