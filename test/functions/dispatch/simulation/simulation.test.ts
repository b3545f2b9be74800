import { describe, expect, test } from 'vitest'
import type { DispatchEvent } from '../../../../functions/dispatch/dispatch-world.ts'
import type { MemoryBatchJobs } from '../../../fixtures/memory-batch-jobs.ts'
import { type SimulationOptions, type SimulationResult, simulate } from './world.ts'

/*
 * SVD_SIMULATION_SEEDS=20000 runs so many schedules; SVD_SIMULATION_SEED=17 runs that one and prints all that happens.
 */
const SEEDS = Number(process.env['SVD_SIMULATION_SEEDS'] ?? 300)
const ONE_SEED = process.env['SVD_SIMULATION_SEED']
const SHOWN_LINES = 200

const report = ({ seed, violations, trace }: SimulationResult): string =>
  [
    `SVD_SIMULATION_SEED=${seed} npm test -- test/functions/dispatch/simulation`,
    ...violations,
    ...trace.slice(-SHOWN_LINES),
  ].join('\n')

const expectKept = (result: SimulationResult): void => {
  if (result.violations.length > 0) throw new Error(report(result))
}

/** What goes wrong in some schedules when something does not do what it has to. */
const violationsWith = async (options: SimulationOptions, seeds = 60): Promise<readonly string[]> => {
  const found: string[] = []
  for (let seed = 1; seed <= seeds; seed++) found.push(...(await simulate(seed, options)).violations)
  return found
}

describe.skipIf(ONE_SEED !== undefined)('whatever fails', () => {
  const happened: DispatchEvent[] = []

  test('there are never more workers than the backlog needs, and in the end it is served', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = await simulate(seed)
      expectKept(result)
      happened.push(...result.events)
    }
  })

  test('and all that can happen has happened', () => {
    const endings = happened.map((event) => (event.type === 'outrun' ? 'outrun' : event.stopped))
    expect(new Set(endings)).toEqual(new Set([null, 'outrun', 'throttled', 'time', 'failed', 'limit']))
  })

  test('a seed gives the same run each time', async () => {
    expect((await simulate(8)).trace).toEqual((await simulate(8)).trace)
  })
})

describe.skipIf(ONE_SEED !== undefined)('it is found out', () => {
  test('when a store lets everybody write', async () => {
    const found = await violationsWith({
      alterStore: (store) => ({
        ...store,
        replace: (key, _, body, options, signal) => store.put(key, body, options, signal),
      }),
    })

    expect(found).toContainEqual(expect.stringMatching(/workers are active where \d+ are needed/))
  })

  test('when a submission is made twice', async () => {
    const found = await violationsWith({
      alterBatch: (batch) => ({
        ...batch,
        async submit(name, signal) {
          await batch.submit(`${name}-again`, signal)
          return batch.submit(name, signal)
        },
      }),
    })

    expect(found).toContainEqual(expect.stringMatching(/workers are active where \d+ are needed/))
  })

  test('when nothing is ever started', async () => {
    const alterBatch = (batch: MemoryBatchJobs) => ({
      ...batch,
      submit: () => Promise.reject(new Error('503')),
    })

    const found = await violationsWith({ alterBatch }, 3)

    expect(found).toContainEqual(expect.stringMatching(/it is not over/))
  })
})

test.runIf(ONE_SEED !== undefined)(`schedule ${ONE_SEED}`, async () => {
  const result = await simulate(Number(ONE_SEED))
  process.stdout.write(`${result.trace.join('\n')}\n`)
  expectKept(result)
})
