import { expect, test } from 'vitest'
import { noteReported } from '../../../../shared/job-index/write-upload-entries.ts'
import { countRejectedUploads } from '../../../../worker/client/tracking/rejected-uploads.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const openOutputs = () => {
  let nowMs = 0
  const requests: string[] = []
  const outputs = openMemoryObjectStore({
    bucket: 'out',
    now: () => nowMs,
    faults: { before: (operation) => void requests.push(operation) },
  })
  /** A report, a second after the last. */
  const put = async (key: string, state: 'accepted' | 'partly' | 'rejected'): Promise<void> => {
    nowMs += 1000
    const report = { key, state, reported_at: new Date(nowMs).toISOString() }
    await noteReported(outputs, report, unaborted)
  }
  return { outputs, requests, put }
}

test('countRejectedUploads counts uploads that were rejected in whole or in part, and names the newest', async () => {
  const { outputs, put } = openOutputs()
  await put('images/a.png', 'accepted')
  await put('z.png', 'rejected')
  await put('images/..//odd.png', 'rejected')
  await put('manifests/m.json', 'partly')
  await put('images//lästé.png', 'rejected')
  await put('images/b.png', 'accepted')
  expect(await countRejectedUploads(outputs, null, unaborted)).toEqual({
    ...{ rejected: 3, partly: 1, more: false, newest: 'images//lästé.png' },
  })
  expect(await countRejectedUploads(outputs, new Date(4000), unaborted)).toEqual({
    ...{ rejected: 1, partly: 1, more: false, newest: 'images//lästé.png' },
  })
  expect(await countRejectedUploads(outputs, new Date(6000), unaborted)).toEqual({
    ...{ rejected: 0, partly: 0, more: false, newest: null },
  })
})

test('countRejectedUploads counts at most 1,000 uploads with two lists and one read', async () => {
  const { outputs, requests, put } = openOutputs()
  for (let index = 0; index < 1_003; index++) await put(`images/${index}.png`, 'rejected')
  requests.length = 0
  expect(await countRejectedUploads(outputs, null, unaborted)).toEqual({
    ...{ rejected: 1_000, partly: 0, more: true, newest: 'images/1002.png' },
  })
  expect(requests).toEqual(['list', 'list', 'read'])
})
