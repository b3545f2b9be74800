import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { reportKey } from '../../../../shared/contracts/bucket-layout.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../../../shared/contracts/record-bytes.ts'
import type { Submission } from '../../../../worker/client/submit/plan-submission.ts'
import {
  assertReportsReadable,
  awaitReports,
  type SentRequest,
  sendSubmission,
} from '../../../../worker/client/submit/send-submission.ts'
import type { Upload } from '../../../../worker/client/submit/upload.ts'
import { anIngestReport } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const anUpload = (key: string): Upload => ({
  ...{ name: key, key, body: new TextEncoder().encode(key), contentType: 'image/png', metadata: {} },
})

const SUBMISSION: Submission = {
  images: [anUpload('images/named.png')],
  requests: [
    { before: [anUpload('images/cup.png.json')], upload: anUpload('images/cup.png'), clips: () => [] },
    { before: [], upload: anUpload('manifests/m.json'), clips: () => [] },
  ],
}

test('the images of manifests are uploaded before requests, and a sidecar before its image', async () => {
  // The image that a manifest names is stored last if requests do not wait for it.
  const before = (operation: string, key: string) =>
    operation === 'create' && key === 'images/named.png' ? setImmediate() : undefined
  const inputs = openMemoryObjectStore({ now: () => 0, faults: { before } })
  const told: string[] = []
  const sent = await sendSubmission(inputs, SUBMISSION, ({ key }) => void told.push(key), unaborted)
  const written = inputs.writes.map(({ key }) => key)
  expect(written.toSorted()).toEqual([
    ...['images/cup.png', 'images/cup.png.json', 'images/named.png', 'manifests/m.json'],
  ])
  expect(written[0]).toBe('images/named.png')
  expect(written.indexOf('images/cup.png')).toBeGreaterThan(written.indexOf('images/cup.png.json'))
  expect(told.toSorted()).toEqual(written.toSorted())
  const etags = new Map(inputs.writes.map(({ key, etag }) => [key, etag]))
  expect(sent.map(({ upload, etag }) => [upload.key, etag])).toEqual([
    ['images/cup.png', etags.get('images/cup.png')],
    ['manifests/m.json', etags.get('manifests/m.json')],
  ])
})

test('an image whose sidecar cannot be stored is not uploaded', async () => {
  const before = (operation: string, key: string): void => {
    if (operation === 'create' && key.endsWith('.png.json')) throw new Error('SlowDown')
  }
  const inputs = openMemoryObjectStore({ now: () => 0, faults: { before } })
  await expect(sendSubmission(inputs, SUBMISSION, () => {}, unaborted)).rejects.toThrow('SlowDown')
  expect(inputs.keys()).not.toContain('images/cup.png')
  expect(inputs.keys()).toContain('images/named.png')
})

test('a report is read before any upload when the submission has a request', async () => {
  const before = (): void => {
    throw new Error('NoSuchBucket')
  }
  const outputs = openMemoryObjectStore({ now: () => 0, faults: { before } })
  await expect(assertReportsReadable(outputs, SUBMISSION, unaborted)).rejects.toThrow('NoSuchBucket')
  await assertReportsReadable(outputs, { images: [], requests: [] }, unaborted)
})

/** Waits on an output bucket that changes while the caller sleeps. */
const waitFor = async (
  sent: readonly SentRequest[],
  whileAsleep: (
    report: (key: string, etag: string) => Promise<unknown>,
    sleep: number,
  ) => Promise<unknown> | undefined,
) => {
  const outputs = openMemoryObjectStore({ now: () => 0 })
  const report = (key: string, etag: string) =>
    outputs.put(reportKey(key), encodeRecord(anIngestReport({ key, etag })), RECORD_OPTIONS, unaborted)
  let nowMs = 0
  let sleeps = 0
  const clock = {
    elapsedMs: () => nowMs,
    async sleep(ms: number) {
      nowMs += ms
      await whileAsleep(report, ++sleeps)
    },
  }
  const reported: string[] = []
  const missing = await awaitReports(
    outputs,
    sent,
    {
      ...{ clock, intervalMs: 2_000, limitMs: 6_000 },
      onReport: ({ upload }, { etag }) => void reported.push(`${nowMs} ${upload.key} ${etag}`),
    },
    unaborted,
  )
  return { reported, missing: missing.map(({ upload }) => upload.key), waitedMs: nowMs }
}

const [CUP, CAT] = ['images/cup.png', 'images/cat.png'].map((key) => ({
  upload: anUpload(key),
  etag: '"new"',
})) as [SentRequest, SentRequest]

test('each report is passed to the caller once, and the wait ends with the last report', async () => {
  const waited = await waitFor([CUP, CAT], (report, sleep) =>
    sleep === 1 ? report('images/cat.png', '"new"') : report('images/cup.png', 'new'),
  )
  expect(waited).toEqual({
    reported: ['2000 images/cat.png "new"', '4000 images/cup.png new'],
    ...{ missing: [], waitedMs: 4_000 },
  })
})

test('a report on an earlier object of the key does not count, and the wait ends at its limit', async () => {
  const waited = await waitFor([CUP, CAT], (report, sleep) =>
    sleep === 1 ? report('images/cup.png', '"old"') : undefined,
  )
  expect(waited).toEqual({ reported: [], missing: ['images/cup.png', 'images/cat.png'], waitedMs: 6_000 })
})
