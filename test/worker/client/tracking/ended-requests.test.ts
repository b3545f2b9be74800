import { expect, test } from 'vitest'
import { orderKey, reportKey, statusKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { AcceptedJob, IngestReport } from '../../../../shared/contracts/ingest-report.ts'
import type { PipelineEvent } from '../../../../shared/contracts/pipeline-event.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../../../shared/contracts/record-bytes.ts'
import { followEndedRequests } from '../../../../worker/client/tracking/ended-requests.ts'
import { type JobStatus, statusOfResultRecord } from '../../../../worker/client/tracking/job-status.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aFailure, anIngestReport, aResult, aStatus } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const [A, B] = [jobIdLike('a'), jobIdLike('b')]
const A_DONE = statusOfResultRecord(aResult({ jobId: A }))
const B_FAILED = statusOfResultRecord(aFailure({}, { jobId: B }))
const queued = (jobId: string): JobStatus => ({ ...A_DONE, jobId, state: 'queued', result: null })

const openOutputs = () => {
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => 0 })
  return {
    outputs,
    put: (key: string, record: object) => outputs.put(key, encodeRecord(record), RECORD_OPTIONS, unaborted),
  }
}

const accepted = (job_id: string, item: number | null): AcceptedJob => ({
  ...{ job_id, item, item_id: null, image: 'images/cup.png', videos: [], done_before: false },
})

const aReport = (key: string, jobs: readonly AcceptedJob[]): IngestReport =>
  anIngestReport({ key, state: 'accepted', jobs: [...jobs], superseded: [], faults: [] })

const shown = (events: readonly PipelineEvent[]) =>
  events.map((event) => {
    if (event.type === 'request.ended') return `${event.upload.key} ${event.item}: ${event.state}`
    return event.type === 'batch.ended' ? { requests: event.requests, jobs: event.jobs } : event.type
  })

test('each request of a manifest ends once, and the batch ends after its last job', async () => {
  const report = aReport('manifests/m.jsonl', [accepted(A, 1), accepted(A, 2), accepted(B, 3)])
  const follow = followEndedRequests(openOutputs().outputs, report)
  expect(shown(await follow([queued(A), queued(B)], unaborted))).toEqual([])
  expect(shown(await follow([A_DONE, queued(B)], unaborted))).toEqual([
    'manifests/m.jsonl 1: succeeded',
    'manifests/m.jsonl 2: succeeded',
  ])
  expect(shown(await follow([A_DONE, B_FAILED], unaborted))).toEqual([
    'manifests/m.jsonl 3: failed',
    { requests: 3, jobs: { succeeded: 1, failed: 1, cancelled: 0 } },
  ])
  expect(shown(await follow([A_DONE, B_FAILED], unaborted))).toEqual([])
})

test('a manifest without jobs ends its batch at the first call', async () => {
  const follow = followEndedRequests(openOutputs().outputs, aReport('manifests/m.jsonl', []))
  expect(shown(await follow([], unaborted))).toEqual([
    { requests: 0, jobs: { succeeded: 0, failed: 0, cancelled: 0 } },
  ])
  expect(shown(await follow([], unaborted))).toEqual([])
})

test('an image ends a request and no batch', async () => {
  const follow = followEndedRequests(openOutputs().outputs, aReport('images/cup.png', [accepted(A, null)]))
  expect(shown(await follow([A_DONE], unaborted))).toEqual(['images/cup.png null: succeeded'])
})

test('without a report, a job ends the requests of every upload that ordered it', async () => {
  const { outputs, put } = openOutputs()
  // The origin in the result's job, the origin in the status, and an order. The last upload no longer has a report.
  await put(reportKey('images/cup.png'), aReport('images/cup.png', [accepted(A, null)]))
  await put(statusKey(A), aStatus({ jobId: A, manifest: { key: 'manifests/first.jsonl', item: 2 } }))
  await put(
    reportKey('manifests/first.jsonl'),
    aReport('manifests/first.jsonl', [accepted(B, 1), accepted(A, 2)]),
  )
  for (const key of ['manifests/later.json', 'images/deleted.png']) {
    await put(orderKey(A, key), { version: 1, key })
  }
  await put(reportKey('manifests/later.json'), aReport('manifests/later.json', [accepted(A, 1)]))

  const follow = followEndedRequests(outputs, null)
  expect(shown(await follow([A_DONE], unaborted)).toSorted()).toEqual([
    'images/cup.png null: succeeded',
    'manifests/first.jsonl 2: succeeded',
    'manifests/later.json 1: succeeded',
  ])
  expect(await follow([A_DONE], unaborted)).toEqual([])
})
