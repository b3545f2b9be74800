import { expect, test } from 'vitest'
import {
  encodeDispatchState,
  NEW_FLEET,
  newDispatchState,
  parseDispatchState,
} from '../../../shared/contracts/dispatch-state.ts'

const NOW = new Date('2026-01-02T03:04:05.000Z')
const bytesOf = (document: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(document))

test('the dispatch state has the documented keys', () => {
  const state = { ...newDispatchState(NOW), ecs: NEW_FLEET }

  expect(JSON.parse(new TextDecoder().decode(encodeDispatchState(state, NOW)))).toEqual({
    ...{ version: 2, written_at: '2026-01-02T03:04:05.000Z', workers: [], batch: null },
    ecs: {
      ...{ revision: null, model: null, proven: false, failures: 0, retry_at: null, failure: null },
      ...{
        waits: null,
        trying_since: null,
        seen_running: false,
        running_since: null,
        hidden: 0,
        surplus: null,
      },
      ...{ asked: 0, machines: 0, machines_until: null, usd: 0 },
    },
    ...{ spend_day: '2026-01-02', spend_counted_at: '2026-01-02T03:04:05.000Z', paused_until: null },
  })
})

test('an encoded dispatch state is parsed into the same state', () => {
  const worker = { name: 'a', job_id: 'job-1', asked_at: NOW.toISOString(), revision: 'worker:1' }
  const fleet = { ...NEW_FLEET, waits: 'back-off', surplus: { since: NOW.toISOString(), busy: 3 } } as const
  const state = { ...newDispatchState(NOW), workers: [worker], batch: fleet }

  expect(parseDispatchState(encodeDispatchState(state, NOW))).toEqual(state)
})

test('a dispatch state of version 1 keeps its workers, with revision null', () => {
  const worker = { name: 'a', job_id: null, asked_at: '2026-01-01T00:00:00.000Z' }
  const first = { version: 1, written_at: NOW.toISOString(), workers: [worker] }

  expect(parseDispatchState(bytesOf(first))).toEqual({
    ...newDispatchState(NOW),
    workers: [{ ...worker, revision: null }],
  })
})

test.each([[{}], [{ version: 3 }], [{ version: 2, workers: [] }]])(
  '%j is not a dispatch state',
  (document) => {
    expect(() => parseDispatchState(bytesOf(document))).toThrow()
  },
)
