import { expect, test } from 'vitest'
import { reportKey } from '../../../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../../../shared/contracts/ingest-report.ts'
import { noteReported } from '../../../../shared/job-index/write-upload-entries.ts'
import { readRejectedReports } from '../../../../worker/client/tracking/rejected-reports.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { aRejectedReport } from './a-report.ts'

const openOutputs = () => {
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => 0 })
  const putReport = async (report: IngestReport): Promise<void> => {
    const bytes = new TextEncoder().encode(JSON.stringify(report))
    await outputs.put(reportKey(report.key), bytes, { contentType: 'application/json' }, unaborted)
  }
  /** A report and its entry in the index, so many seconds after 12:00. */
  const put = async (key: string, seconds: number, changes: Partial<IngestReport> = {}): Promise<void> => {
    const reported_at = new Date(Date.UTC(2026, 10, 24, 12, 0, seconds)).toISOString()
    const report = aRejectedReport(key, { reported_at, ...changes })
    await noteReported(outputs, report, unaborted)
    await putReport(report)
  }
  const read = async (since: Date | null = null, limit = 10) => {
    const { reports, more } = await readRejectedReports(outputs, { since, limit }, unaborted)
    return { keys: reports.map(({ key }) => key), more }
  }
  return { put, putReport, read }
}

test('reports on uploads that were rejected in whole or in part are read, newest first', async () => {
  const { put, read } = openOutputs()
  await put('images/a.png', 1)
  await put('manifests/m.json', 2, { state: 'partly' })
  await put('images/ok.png', 3, { state: 'accepted' })
  await put('elsewhere.png', 4)
  expect(await read()).toEqual({ keys: ['elsewhere.png', 'manifests/m.json', 'images/a.png'], more: false })
  expect(await read(new Date(Date.UTC(2026, 10, 24, 12, 0, 2)))).toEqual({
    ...{ keys: ['elsewhere.png', 'manifests/m.json'], more: false },
  })
})

test('at most the given number of reports is read, and further reports are indicated', async () => {
  const { put, read } = openOutputs()
  for (let index = 0; index < 5; index++) await put(`images/${index}.png`, index)
  expect(await read(null, 3)).toEqual({ keys: ['images/4.png', 'images/3.png', 'images/2.png'], more: true })
})

test('an upload that was accepted later is omitted, and one that was rejected twice is read once', async () => {
  const { put, putReport, read } = openOutputs()
  await put('images/mended.png', 1)
  await putReport(aRejectedReport('images/mended.png', { state: 'accepted', faults: [] }))
  await put('images/twice.png', 2)
  await put('images/twice.png', 3)
  expect(await read()).toEqual({ keys: ['images/twice.png'], more: false })
})
