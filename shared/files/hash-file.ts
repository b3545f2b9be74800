import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** Hashing is as fast as reading in large pieces. */
const READ_BYTES = 2 ** 20

/** SHA-256 of a file, lower-case hex, and its size. `onBytes` gets the size of each piece read. */
export const hashFile = async (
  path: string,
  signal: AbortSignal,
  onBytes: (sizeBytes: number) => void = () => {},
): Promise<{ readonly sha256: string; readonly sizeBytes: number }> => {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const piece of createReadStream(path, { highWaterMark: READ_BYTES, signal })) {
    hash.update(piece)
    sizeBytes += piece.length
    onBytes(piece.length)
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}
