import { expect, test } from 'vitest'
import { resultKey, statusKey } from '../../../../shared/contracts/bucket-layout.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../../../shared/contracts/record-bytes.ts'
import { hasEnded, isDone, readJobStatus } from '../../../../worker/client/tracking/job-status.ts'
import { aJobMessage } from '../../../fixtures/a-job-message.ts'
import { aFailure, aResult, aStatus } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore, type StoreOperation } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const { job_id: ID, image, parameters, origin, model } = aJobMessage()
const SUBMITTED_AT = '2026-11-24T12:00:00.000Z'

const openOutputs = (before: (operation: StoreOperation, key: string) => void | Promise<void> = () => {}) => {
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => 0, faults: { before } })
  return {
    put: (key: string, record: object) => outputs.put(key, encodeRecord(record), RECORD_OPTIONS, unaborted),
    read: () => readJobStatus(outputs, ID, unaborted),
  }
}

const RENDERING = aStatus({
  ...{ state: 'rendering', attempt: 2, phase: 'denoise', step: 7, steps: 25 },
  ...{ message: 'was released', waits_for_model: model, updated_at: '2026-11-24T12:00:09.000Z' },
})

test('a job without records has no status', async () => {
  expect(await openOutputs().read()).toBeNull()
})

test('a rendering job has the progress of its status', async () => {
  const { put, read } = openOutputs()
  await put(statusKey(ID), RENDERING)
  expect(await read()).toEqual({
    ...{ jobId: ID, state: 'rendering', attempt: 2, phase: 'denoise', step: 7, steps: 25 },
    ...{ message: 'was released', waitsForModel: model, image, parameters, origin },
    ...{ submittedAt: SUBMITTED_AT, updatedAt: '2026-11-24T12:00:09.000Z', result: null },
  })
})

test('a result overrides an older status and has no progress', async () => {
  const { put, read } = openOutputs()
  const result = aFailure({ reason: 'the renderer ended' })
  await put(statusKey(ID), RENDERING)
  await put(resultKey(ID), result)
  expect(await read()).toEqual({
    ...{ jobId: ID, state: 'failed', attempt: 3, phase: null, step: 0, steps: 0 },
    ...{ message: 'the renderer ended', waitsForModel: null, image, parameters, origin },
    ...{ submittedAt: SUBMITTED_AT, updatedAt: '2026-11-24T12:00:20.000Z', result },
  })
})

test('a status that reports an ended job without a result counts as queued', async () => {
  const { put, read } = openOutputs()
  await put(statusKey(ID), { ...RENDERING, state: 'failed' })
  expect(await read()).toMatchObject({
    ...{ state: 'queued', attempt: 0, phase: null, step: 0, steps: 0 },
    ...{ message: null, waitsForModel: null, result: null },
  })
})

test('a job that ends between the two reads is reported as ended', async () => {
  const { put, read } = openOutputs(async (operation, key) => {
    if (operation === 'read' && key === resultKey(ID)) await put(resultKey(ID), aResult())
  })
  await put(statusKey(ID), RENDERING)
  expect(await read()).toMatchObject({ state: 'succeeded' })
})

test('a lost job has ended but is not done', () => {
  const states = ['queued', 'rendering', 'succeeded', 'failed', 'cancelled', 'lost'] as const
  expect(states.filter((state) => isDone({ state }))).toEqual(['succeeded', 'failed', 'cancelled'])
  expect(states.filter((state) => hasEnded({ state }))).toEqual(['succeeded', 'failed', 'cancelled', 'lost'])
})
