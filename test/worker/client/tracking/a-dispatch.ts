import { DISPATCH_STATE_KEY } from '../../../../shared/contracts/bucket-layout.ts'
import {
  type DispatchState,
  encodeDispatchState,
  type FleetState,
  NEW_FLEET,
  newDispatchState,
} from '../../../../shared/contracts/dispatch-state.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const NOW = new Date('2026-11-24T12:00:00Z')

export const aFleetState = (more: Partial<FleetState> = {}): FleetState => ({
  ...{ ...NEW_FLEET, revision: 'worker:1', model: '"etag"', proven: true, asked: 3, usd: 1.234 },
  ...more,
})

export const aDispatchState = (more: Partial<DispatchState> = {}): DispatchState => ({
  ...newDispatchState(NOW),
  ...more,
})

/** Writes the state as dispatch does. */
export const putDispatchState = (outputs: ObjectStore, more: Partial<DispatchState> = {}): Promise<unknown> =>
  outputs.put(
    DISPATCH_STATE_KEY,
    encodeDispatchState(aDispatchState(more), NOW),
    { contentType: 'application/json' },
    unaborted,
  )
