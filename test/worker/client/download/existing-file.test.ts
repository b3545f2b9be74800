import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { compareExisting } from '../../../../worker/client/download/existing-file.ts'
import { sha256Of } from '../../../fixtures/a-job-message.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

const never = new AbortController().signal

test.each([
  ['equal', 'video', 'video'],
  ['different', 'VIDEO', 'video'],
  ['different', 'a longer video', 'video'],
])('a file is %s when it has %j and its record has the hash of %j', async (expected, content, recorded) => {
  const file = path.join(await temporaryDir(), 'cup.mp4')
  await writeFile(file, content)
  const stored = { size_bytes: recorded.length, sha256: sha256Of(recorded) }
  expect(await compareExisting(file, stored, never)).toBe(expected)
})

test('a file of another size is not hashed', async () => {
  const file = path.join(await temporaryDir(), 'cup.mp4')
  await writeFile(file, 'video')
  const stored = { size_bytes: 6, sha256: sha256Of('video') }
  expect(await compareExisting(file, stored, AbortSignal.abort())).toBe('different')
})

test('a free name is absent, and the name of a folder is folder', async () => {
  const folder = await temporaryDir()
  const stored = { size_bytes: 5, sha256: sha256Of('video') }
  expect(await compareExisting(path.join(folder, 'cup.mp4'), stored, never)).toBe('absent')
  expect(await compareExisting(folder, stored, never)).toBe('folder')
})
