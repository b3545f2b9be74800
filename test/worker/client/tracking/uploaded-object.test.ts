import { describe, expect, test } from 'vitest'
import { reportKey } from '../../../../shared/contracts/bucket-layout.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../../../shared/contracts/record-bytes.ts'
import {
  exactName,
  reportOfManifest,
  uploadedKey,
} from '../../../../worker/client/tracking/uploaded-object.ts'
import { anIngestReport } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

/** An output bucket with reports on uploads of these keys. */
const outputsOf = async (...keys: readonly string[]) => {
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => 0 })
  for (const key of keys) {
    const report = encodeRecord(anIngestReport({ bucket: 'in', key }))
    await outputs.put(reportKey(key), report, RECORD_OPTIONS, unaborted)
  }
  return outputs
}

test('a name outside both folders is that of a manifest', () => {
  expect(['m.json', 'a/m.json', 'manifests/m.json', 'images/cup.png'].map(uploadedKey)).toEqual([
    ...['manifests/m.json', 'manifests/a/m.json', 'manifests/m.json', 'images/cup.png'],
  ])
})

describe('the report of', () => {
  const [NFC, NFD] = ['manifests/caf\u00e9.json', 'manifests/cafe\u0301.json']

  test.each([
    ['a manifest by its key', 'manifests/m.json', 'manifests/m.json'],
    ['a manifest by what follows manifests/', 'm.json', 'manifests/m.json'],
    ['an image by its key', 'images/cup.png', 'images/cup.png'],
    ['an upload outside both folders by its key', 'other/m.json', 'other/m.json'],
    ['an upload outside both folders by its URI', 's3://in/m.json', 'm.json'],
    ['a manifest that was uploaded in the other Unicode form', NFD, NFC],
  ])('%s', async (_, typed, key) => {
    const outputs = await outputsOf(key)
    expect((await reportOfManifest(outputs, typed, unaborted)).key).toBe(key)
  })

  test('a name that fits two uploads is that of the manifest, and a URI is its key alone', async () => {
    const outputs = await outputsOf('m.json', 'manifests/m.json')
    expect((await reportOfManifest(outputs, 'm.json', unaborted)).key).toBe('manifests/m.json')
    expect((await reportOfManifest(outputs, 's3://in/m.json', unaborted)).key).toBe('m.json')
  })

  test('a name in the form that was typed, where both were uploaded', async () => {
    const outputs = await outputsOf(NFC, NFD)
    expect((await reportOfManifest(outputs, NFD, unaborted)).key).toBe(NFD)
  })
})

test('an unknown upload is a mistake that names the report', async () => {
  await expect(reportOfManifest(await outputsOf(), 'm.json', unaborted)).rejects.toThrow(
    "--manifest: got 'm.json'; there is no s3://out/reports/manifests/m.json.json: check the key, or wait if it was " +
      'uploaded just now',
  )
  // A URI stands for its key alone.
  const outputs = await outputsOf('manifests/m.json')
  await expect(reportOfManifest(outputs, 's3://in/m.json', unaborted)).rejects.toThrow(
    "--manifest: got 's3://in/m.json'; there is no s3://out/reports/m.json.json",
  )
})

test('another bucket is a mistake that names the bucket of uploads', async () => {
  const outputs = await outputsOf('m.json')
  await expect(reportOfManifest(outputs, 's3://out/m.json', unaborted)).rejects.toThrow(
    "--manifest: got 's3://out/m.json'; uploads of this pipeline are in the bucket in",
  )
})

test('the exact name of an upload is its key, or its URI outside both folders', async () => {
  const outputs = await outputsOf('m.json')
  const keys = ['manifests/m.json', 'images/gone.png', 'm.json', 'gone.json']
  expect(await Promise.all(keys.map((key) => exactName(outputs, key, unaborted)))).toEqual([
    ...['manifests/m.json', 'images/gone.png', 's3://in/m.json', null],
  ])
})
