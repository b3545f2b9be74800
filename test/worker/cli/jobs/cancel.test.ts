import { expect, test } from 'vitest'
import { cancelKey } from '../../../../shared/contracts/bucket-layout.ts'
import { encodeCancelMarker, requesterOf } from '../../../../shared/contracts/cancel-marker.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aResult, aStatus } from '../../../fixtures/job-records.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { aRejectedReport } from '../../client/tracking/a-report.ts'
import { fakeServices } from '../fake-services.ts'

test('svd cancel writes a cancel request for the job', async () => {
  const { run, putStatus, outputs } = fakeServices()
  const jobId = await putStatus(aStatus({ jobId: jobIdLike('a1') }))
  const { exitCode, stdout } = await run(['cancel', 'a1'])
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'a10000000000  cup.png  asked to stop\n' })
  expect(outputs.keys()).toContain(`cancel/${jobId}.json`)
})

test('svd cancel replaces a cancel request of ingest by that of a person', async () => {
  const { run, putStatus, outputs } = fakeServices()
  const jobId = await putStatus(aStatus({ jobId: jobIdLike('a1') }))
  const marker = encodeCancelMarker(jobId, 'ingest', new Date(0))
  await outputs.put(cancelKey(jobId), marker, { contentType: 'application/json' }, unaborted)
  await run(['cancel', 'a1'])
  const stored = await outputs.read(cancelKey(jobId), { maxBytes: 1e6 }, unaborted)
  expect(requesterOf(stored?.bytes ?? marker)).toBe('person')
})

test('svd cancel leaves a job that has ended unchanged, and prints its state', async () => {
  const { run, putResult, outputs } = fakeServices()
  await putResult(aResult({ jobId: jobIdLike('a1') }))
  await putResult(aResult({ jobId: jobIdLike('b1'), state: 'cancelled' }))
  const { exitCode, stdout } = await run(['cancel', 'a1', 'b1'])
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: 'a10000000000  cup.png  has already succeeded\nb10000000000  cup.png  was already cancelled\n',
  })
  expect(outputs.keys().filter((key) => key.startsWith('cancel/'))).toEqual([])
})

test('svd cancel cancels no job when one of the ids is unknown', async () => {
  const { run, putStatus, outputs } = fakeServices()
  await putStatus(aStatus({ jobId: jobIdLike('a1') }))
  expect(await run(['cancel', 'a1', 'ff'])).toMatchObject({ exitCode: 2 })
  expect(outputs.keys().filter((key) => key.startsWith('cancel/'))).toEqual([])
})

test('svd cancel --json prints these keys', async () => {
  const { run, putStatus } = fakeServices()
  const jobId = await putStatus(aStatus({ state: 'preparing' }))
  expect(JSON.parse((await run(['cancel', jobId, '--json'])).stdout)).toEqual({
    jobs: [{ job_id: jobId, outcome: 'requested', state: 'preparing', image: 'images/cup.png' }],
  })
})

test('svd cancel refuses to run without job ids or --manifest', async () => {
  const { run } = fakeServices()
  expect(await run(['cancel'])).toMatchObject({
    exitCode: 2,
    stderr: 'error: job: give ids of jobs, or --manifest\n',
  })
})

test('svd cancel --manifest requests to cancel all jobs of a manifest, even one without a record', async () => {
  const { run, putStatus, putReport, outputs } = fakeServices()
  const jobIds = ['a', 'b', 'c'].map(jobIdLike)
  for (const jobId of jobIds.slice(0, 2)) await putStatus(aStatus({ jobId }))
  const job = { item: null, item_id: null, image: 'images/cup.png', videos: [], done_before: false }
  const jobs = jobIds.map((job_id) => ({ ...job, job_id }))
  await putReport(aRejectedReport('manifests/m.json', { state: 'accepted', jobs, faults: [] }))
  const { stdout } = await run(['cancel', '--manifest', 'm.json'])
  expect(stdout.split('\n').toSorted()).toEqual([
    '',
    'a00000000000  cup.png  asked to stop',
    'b00000000000  cup.png  asked to stop',
    'c00000000000  no record yet  asked to stop',
  ])
  expect(outputs.keys().filter((key) => key.startsWith('cancel/'))).toEqual(jobIds.map(cancelKey))
})
