import { hashFile } from '../../shared/files/hash-file.ts'

export interface WrittenFile {
  readonly path: string
  readonly sizeBytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

export const describeFile = async (path: string, signal: AbortSignal): Promise<WrittenFile> => ({
  path,
  ...(await hashFile(path, signal)),
})
