import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { type ClipRecord, encodeClipRecord } from '../../../shared/contracts/clip-record.ts'
import { readClipRecord, replaceClipRecord } from '../../../shared/files/clip-record-file.ts'
import { aClipMetadata } from '../../fixtures/a-clip-metadata.ts'
import { sha256Of } from '../../fixtures/a-job-message.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const RECORD: ClipRecord = {
  ...aClipMetadata(),
  frames: 14,
  files: [{ name: 'cup.mp4', size_bytes: 5, sha256: sha256Of('video') }],
}

let folder: string
let file: string
beforeEach(async () => {
  folder = await temporaryDir()
  file = path.join(folder, 'cup.json')
})

describe('readClipRecord', () => {
  test('returns the record of a clip', async () => {
    await writeFile(file, encodeClipRecord(RECORD))
    expect(await readClipRecord(file)).toEqual(RECORD)
  })

  test('returns absent when there is no file, or a file where the folder should be', async () => {
    expect(await readClipRecord(file)).toBe('absent')
    await writeFile(file, '')
    expect(await readClipRecord(path.join(file, 'cup.json'))).toBe('absent')
  })

  test('returns other for a folder and for a file with other content', async () => {
    await writeFile(file, '{"fps": 7}')
    expect(await readClipRecord(file)).toBe('other')
    expect(await readClipRecord(folder)).toBe('other')
  })

  test('returns other for a file that is too large for a record', async () => {
    await writeFile(file, encodeClipRecord(RECORD) + ' '.repeat(2 ** 20))
    expect(await readClipRecord(file)).toBe('other')
  })
})

describe('replaceClipRecord', () => {
  test('replaces an earlier record and leaves no temporary file', async () => {
    await replaceClipRecord(file, { ...RECORD, frames: 25 })
    await replaceClipRecord(file, RECORD)
    expect(await readFile(file, 'utf8')).toBe(encodeClipRecord(RECORD))
    expect(await readdir(folder)).toEqual(['cup.json'])
  })

  test('removes the earlier record of a clip without a record', async () => {
    await replaceClipRecord(file, RECORD)
    await replaceClipRecord(file, null)
    await replaceClipRecord(file, null)
    expect(await readdir(folder)).toEqual([])
  })

  test('keeps another document and a folder when the clip has no record', async () => {
    await writeFile(file, '{"fps": 7}')
    await mkdir(path.join(folder, 'folder.json'))
    for (const name of ['cup.json', 'folder.json']) await replaceClipRecord(path.join(folder, name), null)
    expect(await readFile(file, 'utf8')).toBe('{"fps": 7}')
    expect(await readdir(folder)).toEqual(['cup.json', 'folder.json'])
  })
})
