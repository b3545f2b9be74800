import { describe, expect, test } from 'vitest'
import type { DispatchLogEvent } from '../../../../functions/dispatch/dispatch-deps.ts'
import { type ServiceSimulationOptions, simulateEcs } from './simulate-ecs.ts'

/** The number of schedules, as in simulation.test.ts beside this file. */
const SEEDS = Number(process.env['SVD_SIMULATION_SEEDS'] ?? 300)
const SHOWN_LINES = 200

const violationsWith = async (options: ServiceSimulationOptions, seeds = 40): Promise<readonly string[]> => {
  const found: string[] = []
  for (let seed = 1; seed <= seeds; seed++) found.push(...(await simulateEcs(seed, options)).violations)
  return found
}

describe('dispatch on ECS, in simulated schedules of faults', () => {
  const happened: DispatchLogEvent[] = []

  test('never desires more tasks than the backlog needs, completes all work, and leaves no task running', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violations, trace, events } = await simulateEcs(seed)
      if (violations.length > 0)
        throw new Error([`seed ${seed}`, ...violations, ...trace.slice(-SHOWN_LINES)].join('\n'))
      happened.push(...events)
    }
  })

  test('has met every way in which an invocation can end', () => {
    const endings = happened.map((event) => (event.type === 'outrun' ? 'outrun' : event.stopped))
    expect(new Set(endings)).toEqual(new Set([null, 'outrun', 'failed']))
    const waits = happened.flatMap((event) => (event.type === 'outrun' ? [] : [event.waits.ecs]))
    // Dispatch does not see that tasks ran which fail between two polls.
    expect([...new Set(waits)]).toEqual(expect.arrayContaining([null, 'canary', 'machine']))
  })

  test('runs the same schedule for the same seed', async () => {
    expect((await simulateEcs(8)).trace).toEqual((await simulateEcs(8)).trace)
  })
})

describe('the ECS simulation reports a violation', () => {
  test('when a count is added to the desired count', async () => {
    const found = await violationsWith({
      alterService: (service) => ({
        ...service,
        async setDesired(count, signal) {
          const { desired = 0 } = (await service.read(signal)) ?? {}
          await service.setDesired(desired + count, signal)
        },
      }),
    })

    expect(found).toContainEqual(expect.stringMatching(/are desired where \d+ are needed/))
  })

  test('when no count ever arrives', async () => {
    const alterService: ServiceSimulationOptions['alterService'] = (service) => ({
      ...service,
      setDesired: () => Promise.reject(new Error('503')),
    })

    expect(await violationsWith({ alterService }, 2)).toContainEqual(expect.stringMatching(/it is not over/))
  })
})
