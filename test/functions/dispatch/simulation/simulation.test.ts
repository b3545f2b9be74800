import { describe, expect, test } from 'vitest'
import type { DispatchLogEvent } from '../../../../functions/dispatch/dispatch-deps.ts'
import type { MemoryBatchJobs } from '../../../fixtures/memory-batch-jobs.ts'
import { type SimulationOptions, type SimulationResult, simulate } from './simulate.ts'

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

/** Two schedules of a hundred have two functions that write over each other at a moment at which it matters. */
const MOST_SEEDS = 300

/** First violation that matches, when something does not do what it has to; `null` if no schedule has one. */
const violationWith = async (
  options: SimulationOptions,
  pattern: RegExp,
  seeds = MOST_SEEDS,
): Promise<string | null> => {
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations } = await simulate(seed, options)
    const found = violations.find((violation) => pattern.test(violation))
    if (found !== undefined) return found
  }
  return null
}

const TOO_MANY = /workers are active where \d+ are needed/

describe.skipIf(ONE_SEED !== undefined)('dispatch on AWS Batch, in simulated schedules of faults', () => {
  const happened: DispatchLogEvent[] = []

  test('never has more workers than the backlog needs, and completes all work', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = await simulate(seed)
      expectKept(result)
      happened.push(...result.events)
    }
  })

  test('has met every way in which an invocation can end', () => {
    const endings = happened.map((event) => (event.type === 'outrun' ? 'outrun' : event.stopped))
    expect(new Set(endings)).toEqual(new Set([null, 'outrun', 'throttled', 'time', 'failed', 'limit']))
  })

  test('runs the same schedule for the same seed', async () => {
    expect((await simulate(8)).trace).toEqual((await simulate(8)).trace)
  })
})

describe.skipIf(ONE_SEED !== undefined)('the Batch simulation reports a violation', () => {
  test('when the store ignores the condition of a write', async () => {
    const alterStore: SimulationOptions['alterStore'] = (store) => ({
      ...store,
      replace: (key, _, body, options, signal) => store.put(key, body, options, signal),
    })

    expect(await violationWith({ alterStore }, TOO_MANY)).not.toBeNull()
  })

  test('when a job is submitted twice', async () => {
    const alterBatch: SimulationOptions['alterBatch'] = (batch) => ({
      ...batch,
      async submit(name, signal) {
        await batch.submit(`${name}-again`, signal)
        return batch.submit(name, signal)
      },
    })

    expect(await violationWith({ alterBatch }, TOO_MANY)).not.toBeNull()
  })

  test('when no job is ever started', async () => {
    const alterBatch = (batch: MemoryBatchJobs) => ({
      ...batch,
      submit: () => Promise.reject(new Error('503')),
    })

    expect(await violationWith({ alterBatch }, /it is not over/, 3)).not.toBeNull()
  })
})

test.runIf(ONE_SEED !== undefined)(`schedule ${ONE_SEED} keeps every promise`, async () => {
  const result = await simulate(Number(ONE_SEED))
  process.stdout.write(`${result.trace.join('\n')}\n`)
  expectKept(result)
})
