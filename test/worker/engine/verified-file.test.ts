import { open, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { beginVerification, writeAll, writeVerified } from '../../../worker/engine/verified-file.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const CONTENT = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)

async function* inParts(content: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield content.subarray(0, 300)
  yield content.subarray(300)
}

const aFile = async () => {
  const folder = await temporaryDir()
  const path = join(folder, 'below', 'file')
  await writeVerified(path, inParts(CONTENT))
  return { folder: join(folder, 'below'), path }
}

/** Returns true if the file exists and contains what was written. */
const isVerified = async (path: string, contentBytes: number): Promise<boolean> =>
  (await (await beginVerification(path, contentBytes))?.isIntact) ?? false

const flipByte = async (path: string, position: number): Promise<void> => {
  const file = await open(path, 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position)
  await file.write(Uint8Array.of((buffer[0] ?? 0) ^ 1), 0, 1, position)
  await file.close()
}

describe('a verified file', () => {
  test('holds the content and its SHA-256, and no other file is left in the folder', async () => {
    const { folder, path } = await aFile()
    expect((await readFile(path)).subarray(0, CONTENT.length).equals(CONTENT)).toBe(true)
    expect((await stat(path)).size).toBe(CONTENT.length + 32)
    expect(await isVerified(path, CONTENT.length)).toBe(true)
    expect(await readdir(folder)).toEqual(['file'])
  })

  test.each([
    ['at the start of the content', 0],
    ['at the end of the content', CONTENT.length - 1],
    ['in the hash', CONTENT.length + 31],
  ])('is rejected if a byte changed %s', async (_, position) => {
    const { path } = await aFile()
    await flipByte(path, position)
    expect(await isVerified(path, CONTENT.length)).toBe(false)
    await flipByte(path, position)
    expect(await isVerified(path, CONTENT.length)).toBe(true)
  })

  test('is rejected if it is truncated, too long, of another size, or absent', async () => {
    const { path } = await aFile()
    expect(await isVerified(path, CONTENT.length - 1)).toBe(false)
    await truncate(path, CONTENT.length + 31)
    expect(await isVerified(path, CONTENT.length)).toBe(false)
    await writeFile(path, new Uint8Array(CONTENT.length + 33))
    expect(await isVerified(path, CONTENT.length)).toBe(false)
    await rm(path)
    expect(await isVerified(path, CONTENT.length)).toBe(false)
  })

  test('is replaced as a whole by simultaneous writes', async () => {
    const { folder, path } = await aFile()
    const other = CONTENT.toReversed() as Uint8Array<ArrayBuffer>
    await Promise.all([writeVerified(path, inParts(other)), writeVerified(path, inParts(other))])
    expect((await readFile(path)).subarray(0, other.length).equals(other)).toBe(true)
    expect(await isVerified(path, other.length)).toBe(true)
    expect(await readdir(folder)).toEqual(['file'])
  })

  test('stays intact if the next write fails, and no partial file is left', async () => {
    const { folder, path } = await aFile()
    async function* failing() {
      yield CONTENT
      throw new Error('ENOSPC: no space left on device, write')
    }
    await expect(writeVerified(path, failing())).rejects.toThrow('ENOSPC')
    expect(await isVerified(path, CONTENT.length)).toBe(true)
    expect(await readdir(folder)).toEqual(['file'])
  })
})

test('a partial file of a killed process is removed after an hour', async () => {
  const { folder, path } = await aFile()
  const minutesAgo = async (name: string, minutes: number): Promise<void> => {
    const time = new Date((await stat(path)).mtimeMs - minutes * 60_000)
    await writeFile(join(folder, name), 'half')
    await utimes(join(folder, name), time, time)
  }
  const partial = (digit: number): string => `.0000000${digit}-0000-4000-8000-000000000000.partial`
  await minutesAgo(partial(1), 61)
  await minutesAgo(partial(2), 58)
  await minutesAgo('other.partial', 61)
  await writeVerified(path, inParts(CONTENT))
  expect((await readdir(folder)).sort()).toEqual([partial(2), 'file', 'other.partial'])
})

describe('writeAll', () => {
  /** A file that takes at most that many bytes at once. */
  const aSlowFile = (maxBytes: number) => {
    const taken: number[] = []
    const write = async (bytes: Uint8Array, offset: number, length: number) => {
      const bytesWritten = Math.min(length, maxBytes)
      taken.push(...bytes.subarray(offset, offset + bytesWritten))
      return { bytesWritten, buffer: bytes }
    }
    return { taken, file: { write } as unknown as Parameters<typeof writeAll>[0] }
  }

  test('writes all bytes if each write takes only some of them', async () => {
    const { taken, file } = aSlowFile(300)
    await writeAll(file, CONTENT)
    expect(taken).toEqual([...CONTENT])
  })

  test('throws if a write takes no bytes', async () => {
    await expect(writeAll(aSlowFile(0).file, CONTENT)).rejects.toThrow('0 of 1000 bytes were written')
  })
})
