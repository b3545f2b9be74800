import { describe, expect, test } from 'vitest'
import { aFleetState, putDispatchState } from '../../client/tracking/a-dispatch.ts'
import { fakeServices, OUTPUTS_ONLY } from '../fake-services.ts'

describe('svd status when workers do not start', () => {
  const aDeployment = async () => {
    const { run, services } = fakeServices()
    await putDispatchState(services.openBucket('out'), {
      batch: aFleetState({
        ...{ waits: 'back-off', failures: 3, failure: 'exit code 1', asked: 0 },
        retry_at: '2026-11-24T12:04:00.000Z',
      }),
      ecs: aFleetState(),
      spend_day: '2026-01-01',
    })
    return run
  }

  test('prints one line with the reason and the time of the next start', async () => {
    const run = await aDeployment()
    const { exitCode, stdout } = await run(['status'], OUTPUTS_ONLY)

    expect(exitCode).toBe(0)
    expect(stdout.split('\n').filter((line) => line.startsWith('workers'))).toEqual([
      'workers of AWS Batch: 3 starts in a row failed (exit code 1); the next is tried at 2026-11-24T12:04:00.000Z',
    ])
  })

  test('prints an object for each fleet with --json', async () => {
    const run = await aDeployment()
    const { stdout } = await run(['status', '--json'], OUTPUTS_ONLY)

    expect(JSON.parse(stdout).workers).toEqual([
      {
        ...{ fleet: 'batch', asked: 0, usd_today: 0, waits: 'back-off', failures: 3, failure: 'exit code 1' },
        retry_at: '2026-11-24T12:04:00.000Z',
      },
      {
        ...{ fleet: 'ecs', asked: 3, usd_today: 0, waits: null, failures: 0, failure: null },
        retry_at: null,
      },
    ])
  })
})
