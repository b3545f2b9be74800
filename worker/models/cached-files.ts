import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { ModelFile } from '../../shared/contracts/model-record.ts'
import { hashFile } from '../../shared/files/hash-file.ts'
import { type OnModelProgress, openByteCount } from './model-progress.ts'

const sizeOf = async (file: string): Promise<number | null> => {
  try {
    return (await stat(file)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

export interface CheckFilesOptions {
  /** `sizes` takes no time; `hashes` reads all. */
  readonly verify: 'hashes' | 'sizes'
  readonly onProgress: OnModelProgress
}

/** Files that are missing in `dir`, or there with another size or, with `hashes`, another SHA-256. */
export const filesToFetch = async (
  dir: string,
  files: readonly ModelFile[],
  { verify, onProgress }: CheckFilesOptions,
  signal: AbortSignal,
): Promise<readonly ModelFile[]> => {
  const sizes = await Promise.all(files.map((file) => sizeOf(path.join(dir, file.path))))
  const right = files.filter(({ size_bytes }, i) => sizes[i] === size_bytes)
  const wrong = files.filter(({ size_bytes }, i) => sizes[i] !== size_bytes)
  if (verify === 'sizes') return wrong
  const count = openByteCount(
    'hash',
    right.reduce((total, { size_bytes }) => total + size_bytes, 0),
    onProgress,
  )
  for (const file of right) {
    const { sha256 } = await hashFile(path.join(dir, file.path), signal, count)
    if (sha256 !== file.sha256) wrong.push(file)
  }
  return wrong
}
