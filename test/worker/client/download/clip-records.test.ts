import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { clipRecordOfResult, encodeClipRecord } from '../../../../shared/contracts/clip-record.ts'
import { compareRecord } from '../../../../worker/client/download/clip-records.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aResult } from '../../../fixtures/job-records.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

const A = aResult({ jobId: jobIdLike('aa') })
const B = aResult({ jobId: jobIdLike('bb') })

/** A file with the record of the only video of A. */
const recordOfA = async (): Promise<string> => {
  const file = path.join(await temporaryDir(), 'cup.json')
  const listed = [{ name: 'cup.mp4', size_bytes: 5, sha256: 'e'.repeat(64) }]
  const record = clipRecordOfResult(A, 0, listed) ?? expect.fail('no record')
  await writeFile(file, encodeClipRecord(record))
  return file
}

test('the record of another video of the same job belongs to another clip', async () => {
  const file = await recordOfA()
  expect(await compareRecord(file, A, 0)).toBe('own')
  expect(await compareRecord(file, A, 1)).toBe('another-clip')
  expect(await compareRecord(file, B, 0)).toBe('another-clip')
})

test('a folder with the name of a record, and a file that is too long, are not records', async () => {
  const folder = await temporaryDir()
  await mkdir(path.join(folder, 'a.json'))
  await writeFile(path.join(folder, 'b.json'), ' '.repeat(2 ** 20 + 1))
  for (const name of ['a.json', 'b.json'])
    expect(await compareRecord(path.join(folder, name), A, 0)).toBe('another-document')
})

test('a record path below a file has no other record in its way', async () => {
  expect(await compareRecord(path.join(await recordOfA(), 'cup.json'), A, 0)).toBe('own')
})
