import { createHash } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { endsWithItsHash, endsWithItsHashInThread } from '../../../worker/engine/content-hash.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const aFile = async (contentBytes: number) => {
  const content = Buffer.alloc(contentBytes, 'weights')
  const path = join(await temporaryDir(), 'file')
  await writeFile(path, Buffer.concat([content, createHash('sha256').update(content).digest()]))
  return { path, contentBytes }
}

const changeByte = async (path: string, position: number): Promise<void> => {
  await using file = await open(path, 'r+')
  await file.write(Uint8Array.of(0), 0, 1, position)
}

/** Larger than a read, and large enough for a thread. */
const LARGE = 33 * 2 ** 20 + 5

describe.each([
  ['a small file', 1000, endsWithItsHash],
  ['a file of several reads', LARGE, endsWithItsHash],
  ['a small file, given to endsWithItsHashInThread,', 1000, endsWithItsHashInThread],
  ['a large file, read in a thread,', LARGE, endsWithItsHashInThread],
] as const)('%s', (_, contentBytes, endsWithHash) => {
  test('ends with its hash until a byte changes', async () => {
    const file = await aFile(contentBytes)
    expect(await endsWithHash(file)).toBe(true)
    await changeByte(file.path, contentBytes - 1)
    expect(await endsWithHash(file)).toBe(false)
  })

  test('causes an error if it does not exist', async () => {
    const path = join(await temporaryDir(), 'gone')
    await expect(endsWithHash({ path, contentBytes })).rejects.toThrow('ENOENT')
  })
})
