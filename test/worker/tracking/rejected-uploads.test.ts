import { expect, test } from 'vitest'
import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { REPORT_STATE } from '../../../shared/contracts/ingest-report.ts'
import { countRejectedUploads } from '../../../worker/tracking/rejected-uploads.ts'
import { openMemoryObjectStore } from '../../fixtures/memory-object-store.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aRejectedReport } from './a-report.ts'

const openOutputs = () => {
  let nowMs = 0
  const requests: string[] = []
  const outputs = openMemoryObjectStore({
    bucket: 'out',
    now: () => nowMs,
    faults: { before: (operation) => void requests.push(operation) },
  })
  /** A report, a second after the last. */
  const put = async (key: string, state: 'accepted' | 'partly' | 'rejected' | null): Promise<void> => {
    nowMs += 1000
    const body = Buffer.from(JSON.stringify(aRejectedReport(key, { state: state ?? 'rejected' })))
    const metadata = state === null ? {} : { [REPORT_STATE]: state }
    await outputs.put(reportKey(key), body, { contentType: 'application/json', metadata }, unaborted)
  }
  return { outputs, requests, put }
}

test('counts uploads that were rejected whole or in part, and names the last of them', async () => {
  const { outputs, put } = openOutputs()
  await put('images/a.png', 'accepted')
  await put('z.png', 'rejected')
  await put('images/..//odd.png', 'rejected')
  await put('manifests/m.json', 'partly')
  await put('images//last.png', 'rejected')
  await put('images/b.png', 'accepted')
  await put('messages/dead-letter', null)
  expect(await countRejectedUploads(outputs, null, unaborted)).toEqual({
    ...{ rejected: 3, partly: 1, unchecked: 0, newest: 'images//last.png' },
  })
  expect(await countRejectedUploads(outputs, new Date(4000), unaborted)).toEqual({
    ...{ rejected: 1, partly: 1, unchecked: 0, newest: 'images//last.png' },
  })
  expect(await countRejectedUploads(outputs, new Date(6000), unaborted)).toEqual({
    ...{ rejected: 0, partly: 0, unchecked: 0, newest: null },
  })
})

test('asks for the newest 1,000 reports alone, and reads one', async () => {
  const { outputs, requests, put } = openOutputs()
  for (let index = 0; index < 1_003; index++) await put(`images/${index}.png`, 'rejected')
  requests.length = 0
  expect(await countRejectedUploads(outputs, null, unaborted)).toEqual({
    ...{ rejected: 1_000, partly: 0, unchecked: 3, newest: 'images/1002.png' },
  })
  const count = (operation: string): number => requests.filter((one) => one === operation).length
  expect([count('head'), count('read')]).toEqual([1_000, 1])
})
