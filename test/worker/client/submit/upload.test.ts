import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { sendUpload, type Upload } from '../../../../worker/client/submit/upload.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

const BYTES = new TextEncoder().encode('image')
const UPLOAD: Upload = {
  ...{ name: 'cup.png', key: 'images/p/cup.png', body: BYTES, contentType: 'image/png' },
  metadata: { 'svd-fps': '7' },
}

const anInput = () => openMemoryObjectStore({ bucket: 'in', now: () => 0 })

test('an upload is stored with its type and metadata, and its ETag is returned', async () => {
  const inputs = anInput()
  const etag = await sendUpload(inputs, UPLOAD, unaborted)
  expect(inputs.writes).toMatchObject([
    { key: UPLOAD.key, bytes: BYTES, contentType: 'image/png', metadata: { 'svd-fps': '7' } },
  ])
  expect(etag).toBe((await inputs.head(UPLOAD.key, unaborted))?.etag)
})

test('an upload that an earlier command completed is not written again', async () => {
  const inputs = anInput()
  const file = path.join(await temporaryDir(), 'cup.png')
  await writeFile(file, BYTES)
  const first = await sendUpload(inputs, UPLOAD, unaborted)
  const again = await sendUpload(inputs, { ...UPLOAD, body: { path: file, sizeBytes: 5 } }, unaborted)
  expect(again).toBe(first)
  expect(inputs.writes).toHaveLength(1)
})

test.each([
  ['of the same size', { body: new TextEncoder().encode('other') }],
  ['of another size', { body: new TextEncoder().encode('longer one') }],
  ['with other metadata', { metadata: { 'svd-fps': '8' } }],
  ['with more metadata', { metadata: { 'svd-fps': '7', 'svd-seed': '1' } }],
])('another object %s under the same key is never overwritten', async (_, change) => {
  const inputs = anInput()
  await sendUpload(inputs, UPLOAD, unaborted)
  await expect(sendUpload(inputs, { ...UPLOAD, ...change }, unaborted)).rejects.toThrow(
    'cup.png: s3://in/images/p/cup.png is there already, and is another; choose another --prefix or name',
  )
  expect(inputs.writes).toHaveLength(1)
})
