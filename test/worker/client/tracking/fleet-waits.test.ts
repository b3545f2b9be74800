import { expect, test } from 'vitest'
import type { FleetState } from '../../../../shared/contracts/dispatch-state.ts'
import { fleetFigures, fleetWaits } from '../../../../worker/client/tracking/fleet-waits.ts'
import { aDispatchState, aFleetState } from './a-dispatch.ts'

const RETRY = { retry_at: '2026-11-24T12:08:00.000Z', failure: 'exit code 1' }

test.each<[Partial<FleetState>, string, boolean]>([
  [{ waits: 'model' }, 'none is started, because the model is not in the models bucket', true],
  [
    { waits: 'back-off', failures: 4, proven: false, ...RETRY },
    '4 starts in a row failed (exit code 1); the next is tried at 2026-11-24T12:08:00.000Z',
    true,
  ],
  [
    { waits: 'canary', failures: 1, proven: false, ...RETRY },
    'a start failed (exit code 1); one worker is tried, and the others start when it has taken a job',
    true,
  ],
  [{ waits: 'canary' }, 'one worker is tried, and the others start when it has taken a job', false],
  [
    { waits: 'machine' },
    'no machine has come for as long as a start may take: quota, Spot, or its types in these zones',
    true,
  ],
  [
    { waits: 'budget' },
    'the budget of the day is reached; they start again at 2026-11-25T00:00:00.000Z',
    false,
  ],
  [
    { waits: 'budget', failures: 2, proven: false, ...RETRY },
    '2 starts in a row failed (exit code 1); the budget of the day is reached; they start again at 2026-11-25T00:00:00.000Z',
    true,
  ],
  [
    { waits: 'budget', failures: 2, proven: true, ...RETRY },
    'the budget of the day is reached; they start again at 2026-11-25T00:00:00.000Z',
    false,
  ],
])('a fleet in the state %j is reported as: %s', (fleet, text, isFault) => {
  const state = aDispatchState({ ecs: aFleetState(fleet), paused_until: '2026-11-25T00:00:00.000Z' })

  expect(fleetWaits(state)).toEqual([{ fleet: 'ecs', waits: fleet.waits, text, isFault }])
})

test('a fleet with all the workers that it needs waits for nothing', () => {
  expect(fleetWaits(aDispatchState({ batch: aFleetState() }))).toEqual([])
})

test('control characters in a message of AWS are not printed', () => {
  const fleet = aFleetState({ waits: 'back-off', failures: 1, retry_at: null, failure: 'a\u001b[2Jb' })

  expect(fleetWaits(aDispatchState({ batch: fleet }))[0]?.text).not.toContain('\u001b')
})

test('the dollars of today exclude those of yesterday', () => {
  const state = aDispatchState({ batch: aFleetState(), spend_day: '2026-11-24' })

  expect(fleetFigures(state, new Date('2026-11-24T23:59:59Z'))).toEqual([
    { fleet: 'batch', asked: 3, usdToday: 1.234 },
  ])
  expect(fleetFigures(state, new Date('2026-11-25T00:00:00Z'))).toEqual([
    { fleet: 'batch', asked: 3, usdToday: 0 },
  ])
})
