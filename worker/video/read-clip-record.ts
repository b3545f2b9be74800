import { readFile, stat } from 'node:fs/promises'
import { type ClipRecord, parseClipRecord } from '../../shared/contracts/clip-record.ts'

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
