import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

export interface WrittenFile {
  readonly path: string
  readonly sizeBytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

export const describeFile = async (path: string, signal: AbortSignal): Promise<WrittenFile> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash, { signal })
  return { path, sizeBytes: (await stat(path)).size, sha256: hash.digest('hex') }
}
