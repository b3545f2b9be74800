import { expect, test } from 'vitest'
import { DISPATCH_STATE_KEY } from '../../../../shared/contracts/bucket-layout.ts'
import { RECORD_OPTIONS } from '../../../../shared/contracts/record-bytes.ts'
import { readDispatch } from '../../../../worker/client/tracking/read-dispatch.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { aDispatchState, aFleetState, putDispatchState } from './a-dispatch.ts'

const openOutputs = () => openMemoryObjectStore({ bucket: 'out', now: () => 0 })

test('the state of dispatch is read as dispatch wrote it', async () => {
  const outputs = openOutputs()
  const fleet = { batch: aFleetState({ asked: 5 }) }
  await putDispatchState(outputs, fleet)
  expect(await readDispatch(outputs, unaborted)).toEqual(aDispatchState(fleet))
})

test('a bucket without a run of dispatch has no state of dispatch', async () => {
  expect(await readDispatch(openOutputs(), unaborted)).toBeNull()
})

test.each([
  ['a later version', '{"version": 3, "written_at": "2026-11-24T12:00:00.000Z"}'],
  ['text that is not JSON', 'version 2'],
])('a state that this version does not know is an error with its fix: %s', async (_, text) => {
  const outputs = openOutputs()
  await outputs.put(DISPATCH_STATE_KEY, new TextEncoder().encode(text), RECORD_OPTIONS, unaborted)
  await expect(readDispatch(outputs, unaborted)).rejects.toThrow(
    's3://out/dispatch/state.json: is of another version of svd-batch; use the version that is deployed',
  )
})
