import { stat } from 'node:fs/promises'
import type { StoredFile } from '../../../shared/contracts/result-record.ts'
import { hashFile } from '../../../shared/files/hash-file.ts'

/** State of the name to which a file is to be downloaded: free, or an equal file, a different file or a folder has it. */
export type ExistingFile = 'absent' | 'equal' | 'different' | 'folder'

/** Compares what is at `file` with the record of a stored file, by size and SHA-256. */
export const compareExisting = async (
  file: string,
  stored: Pick<StoredFile, 'size_bytes' | 'sha256'>,
  signal: AbortSignal,
): Promise<ExistingFile> => {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (found === null) return 'absent'
  if (!found.isFile()) return 'folder'
  if (found.size !== stored.size_bytes) return 'different'
  const { sha256 } = await hashFile(file, signal)
  return sha256 === stored.sha256 ? 'equal' : 'different'
}
