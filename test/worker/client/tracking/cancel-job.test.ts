import { expect, test } from 'vitest'
import { cancelKey, resultKey, statusKey } from '../../../../shared/contracts/bucket-layout.ts'
import { cancelJob } from '../../../../worker/client/tracking/cancel-job.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aResult, aStatus } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { storedJson } from '../../../fixtures/stored-json.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const JOB_ID = jobIdLike('a')
const NOW = new Date('2026-11-24T12:00:00.000Z')
const MARKER = {
  ...{ version: 1, job_id: JOB_ID, requested_by: 'person', requested_at: '2026-11-24T12:00:00.000Z' },
}

const aBucket = async (documents: Readonly<Record<string, object>>) => {
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => 0 })
  for (const [key, document] of Object.entries(documents))
    await outputs.put(key, Buffer.from(JSON.stringify(document)), { contentType: '' }, unaborted)
  return { outputs, cancel: () => cancelJob(outputs, JOB_ID, NOW, unaborted) }
}

test('a queued job gets a cancel request that names a person', async () => {
  const { outputs, cancel } = await aBucket({ [statusKey(JOB_ID)]: aStatus({ jobId: JOB_ID }) })
  expect(await cancel()).toMatchObject({ jobId: JOB_ID, outcome: 'requested', status: { state: 'queued' } })
  expect(await storedJson(outputs, cancelKey(JOB_ID))).toEqual(MARKER)
})

test('a job without a record gets a cancel request too, for the worker that receives it', async () => {
  const { outputs, cancel } = await aBucket({})
  expect(await cancel()).toEqual({ jobId: JOB_ID, outcome: 'requested', status: null })
  expect(await storedJson(outputs, cancelKey(JOB_ID))).toEqual(MARKER)
})

test('a cancel request of ingest is replaced by the request of a person', async () => {
  const { outputs, cancel } = await aBucket({ [cancelKey(JOB_ID)]: { ...MARKER, requested_by: 'ingest' } })
  await cancel()
  expect(await storedJson(outputs, cancelKey(JOB_ID))).toEqual(MARKER)
})

test('a job that has ended gets no cancel request', async () => {
  const { outputs, cancel } = await aBucket({ [resultKey(JOB_ID)]: aResult({ jobId: JOB_ID }) })
  expect(await cancel()).toMatchObject({ outcome: 'done-before', status: { state: 'succeeded' } })
  expect(await storedJson(outputs, cancelKey(JOB_ID))).toBeNull()
})
