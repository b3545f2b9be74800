import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { downloadFile } from '../../../../worker/client/download/download-file.ts'
import { sha256Of } from '../../../fixtures/a-job-message.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

const KEY = 'jobs/a/video.mp4'
const never = new AbortController().signal
const MIB = 2 ** 20

let folder: string
let target: string
beforeEach(async () => {
  folder = await temporaryDir()
  target = path.join(folder, 'cup.mp4')
})

const aStore = async (content: string) => {
  const store = openMemoryObjectStore({ now: () => 0 })
  await store.put(KEY, Buffer.from(content), { contentType: 'video/mp4' }, never)
  return store
}
const recordOf = (content: string) => ({ key: KEY, size_bytes: content.length, sha256: sha256Of(content) })

test('a file of several chunks is downloaded whole into a new folder', async () => {
  const content = `${'a'.repeat(8 * MIB)}${'b'.repeat(8 * MIB)}c`
  const nested = path.join(folder, 'new', 'cup.mp4')
  await downloadFile(await aStore(content), recordOf(content), nested, never)
  expect((await readFile(nested, 'utf8')) === content).toBe(true)
  expect(await readdir(path.dirname(nested))).toEqual(['cup.mp4'])
})

test('an empty file is downloaded', async () => {
  await downloadFile(await aStore(''), recordOf(''), target, never)
  expect(await readFile(target, 'utf8')).toBe('')
})

test('an existing file stays, and no partial file is left, when the object is missing or differs', async () => {
  await writeFile(target, 'before')
  const store = await aStore('other')
  await expect(downloadFile(store, recordOf('video'), target, never)).rejects.toThrow(
    `${KEY}: has SHA-256 ${sha256Of('other')}, not ${sha256Of('video')} as its record says`,
  )
  await store.delete(KEY, never)
  await expect(downloadFile(store, recordOf('video'), target, never)).rejects.toThrow('is not there any more')
  expect(await readFile(target, 'utf8')).toBe('before')
  expect(await readdir(folder)).toEqual(['cup.mp4'])
})

test('an object that is replaced between two chunks leaves no file', async () => {
  const store = await aStore('a'.repeat(9 * MIB))
  const replacing: typeof store = {
    ...store,
    async readRange(...args) {
      const bytes = await store.readRange(...args)
      await store.put(KEY, Buffer.from('b'.repeat(9 * MIB)), { contentType: 'video/mp4' }, never)
      return bytes
    },
  }
  await expect(downloadFile(replacing, recordOf('a'.repeat(9 * MIB)), target, never)).rejects.toMatchObject({
    name: 'ObjectChangedError',
  })
  expect(await readdir(folder)).toEqual([])
})
