import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { type ClipRecord, encodeClipRecord, parseClipRecord } from '../contracts/clip-record.ts'
import { writeThenRename } from './write-then-rename.ts'

/** A record has a few kilobytes, so a larger file is another document. */
const MAX_RECORD_BYTES = 2 ** 20

/** Reads a clip's record. `absent`: there is no such file. `other`: it is another document, or cannot be read. */
export const readClipRecord = async (file: string): Promise<ClipRecord | 'absent' | 'other'> => {
  try {
    const stats = await stat(file)
    if (!stats.isFile() || stats.size > MAX_RECORD_BYTES) return 'other'
    return parseClipRecord(await readFile(file, 'utf8')) ?? 'other'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'absent' : 'other'
  }
}

/**
 * Writes a clip's record in place of an earlier one. With `null`, for a clip without metadata, removes an earlier record,
 * which would describe the new clip falsely; another document stays.
 */
export const replaceClipRecord = async (file: string, record: ClipRecord | null): Promise<void> => {
  if (record !== null)
    await writeThenRename(file, (temporary) => writeFile(temporary, encodeClipRecord(record)))
  else if (typeof (await readClipRecord(file)) !== 'string') await rm(file)
}
