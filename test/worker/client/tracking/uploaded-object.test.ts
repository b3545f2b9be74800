import { describe, expect, test } from 'vitest'
import { reportKey } from '../../../../shared/contracts/bucket-layout.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../../../shared/contracts/record-bytes.ts'
import type { ObjectStore } from '../../../../shared/ports/object-store.ts'
import {
  exactName,
  reportOfManifest,
  uploadedKey,
} from '../../../../worker/client/tracking/uploaded-object.ts'
import { anIngestReport } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

/** An output bucket with reports on uploads of these keys, each later than the one before. */
const outputsOf = async (...keys: readonly string[]) => {
  let nowMs = 0
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => ++nowMs })
  for (const key of keys) {
    const report = encodeRecord(anIngestReport({ bucket: 'in', key }))
    await outputs.put(reportKey(key), report, RECORD_OPTIONS, unaborted)
  }
  return outputs
}

/** The report of an upload. It throws if a note is written. */
const reportOf = (outputs: ObjectStore, typed: string) => {
  const note = (text: string): void => {
    throw new Error(`notes: ${text}`)
  }
  return reportOfManifest(outputs, typed, { note, signal: unaborted })
}

test('uploadedKey treats a name outside both folders as the name of a manifest', () => {
  expect(['m.json', 'a/m.json', 'manifests/m.json', 'images/cup.png'].map(uploadedKey)).toEqual([
    ...['manifests/m.json', 'manifests/a/m.json', 'manifests/m.json', 'images/cup.png'],
  ])
})

describe('reportOfManifest finds', () => {
  const [NFC, NFD] = ['manifests/caf\u00e9.json', 'manifests/cafe\u0301.json']

  test.each([
    ['a manifest by its key', 'manifests/m.json', 'manifests/m.json'],
    ['a manifest by the part of its key after manifests/', 'm.json', 'manifests/m.json'],
    ['an image by its key', 'images/cup.png', 'images/cup.png'],
    ['an upload outside both folders by its key', 'other/m.json', 'other/m.json'],
    ['an upload outside both folders by its URI', 's3://in/m.json', 'm.json'],
    ['a manifest that was uploaded in the other Unicode form', NFD, NFC],
  ])('%s', async (_, typed, key) => {
    const outputs = await outputsOf(key)
    expect((await reportOf(outputs, typed)).key).toBe(key)
  })

  test('the manifest for a name that matches two uploads, and the exact key for a URI', async () => {
    const outputs = await outputsOf('m.json', 'manifests/m.json')
    expect((await reportOf(outputs, 'm.json')).key).toBe('manifests/m.json')
    expect((await reportOf(outputs, 's3://in/m.json')).key).toBe('m.json')
  })

  test('the upload in the typed Unicode form when both forms were uploaded', async () => {
    const outputs = await outputsOf(NFC, NFD)
    expect((await reportOf(outputs, NFD)).key).toBe(NFD)
  })
})

test('an unknown upload is an error that names the missing report', async () => {
  await expect(reportOf(await outputsOf(), 'manifests/m.json')).rejects.toThrow(
    "--manifest: got 'manifests/m.json'; there is no s3://out/reports/manifests/m.json.json: check the key (svd " +
      'batches lists manifests), or wait if it was uploaded just now',
  )
})

test.each([
  ['a URI matches its own key only', 's3://in/m.json', 'm.json'],
  ['a whole key matches itself only', 'manifests/m.json', 'manifests/m.json'],
])('%s, although a manifest has that name', async (_, typed, key) => {
  const outputs = await outputsOf('manifests/p/m.json')
  await expect(reportOf(outputs, typed)).rejects.toThrow(
    `--manifest: got '${typed}'; there is no s3://out/reports/${key}.json: check the key`,
  )
})

test('an exact key takes precedence over the name of a manifest', async () => {
  const outputs = await outputsOf('manifests/m.json', 'manifests/p/m.json')
  expect((await reportOf(outputs, 'm.json')).key).toBe('manifests/m.json')
})

test('the newest of several manifests with the same name is used, with a note', async () => {
  const notes: string[] = []
  const finding = { note: (text: string) => void notes.push(text), signal: unaborted }
  const outputs = await outputsOf('manifests/q/m.json', 'manifests/p/m.json')
  expect((await reportOfManifest(outputs, 'm.json', finding)).key).toBe('manifests/p/m.json')
  expect(notes).toEqual([
    "--manifest: 2 manifests are named 'm.json'; takes the newest, manifests/p/m.json; for another give its key, " +
      'such as manifests/q/m.json (svd batches lists them)',
  ])
})

test('a URI of another bucket is an error that names the bucket of uploads', async () => {
  const outputs = await outputsOf('m.json')
  await expect(reportOf(outputs, 's3://out/m.json')).rejects.toThrow(
    "--manifest: got 's3://out/m.json'; uploads of this pipeline are in the bucket in",
  )
})

test('exactName returns the key of an upload, or its URI outside both folders', async () => {
  const outputs = await outputsOf('m.json')
  const keys = ['manifests/m.json', 'images/gone.png', 'm.json', 'gone.json']
  expect(await Promise.all(keys.map((key) => exactName(outputs, key, unaborted)))).toEqual([
    ...['manifests/m.json', 'images/gone.png', 's3://in/m.json', null],
  ])
})
