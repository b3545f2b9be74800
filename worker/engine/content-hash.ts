import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { programFile } from '../../shared/program-file.ts'

const READ_BYTES = 4 * 2 ** 20

/** Starting a thread takes as long as hashing so much. */
const THREAD_FROM_BYTES = 32 * 2 ** 20

export interface HashedFile {
  readonly path: string
  /** All that comes after them in the file is their SHA-256. */
  readonly contentBytes: number
}

/** Reads the file, and says whether it ends with the SHA-256 of its first `contentBytes` bytes. */
export const endsWithItsHash = async ({ path, contentBytes }: HashedFile): Promise<boolean> => {
  await using file = await open(path)
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  const stored: Buffer[] = []
  let position = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) break
    const ofContent = Math.max(0, Math.min(bytesRead, contentBytes - position))
    hash.update(buffer.subarray(0, ofContent))
    stored.push(Buffer.from(buffer.subarray(ofContent, bytesRead)))
    position += bytesRead
  }
  return hash.digest().equals(Buffer.concat(stored))
}

const inThread = (file: HashedFile): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const thread = new Worker(programFile('./content-hash-thread', import.meta.url), { workerData: file })
    thread.once('message', resolve)
    thread.once('error', reject)
    thread.once('exit', (code) =>
      reject(new Error(`${file.path}: the thread that hashes it exited with ${code}`)),
    )
  })

/** Does the same as `endsWithItsHash`, but reads a large file in a thread, while this one may create a session. */
export const endsWithItsHashInThread = (file: HashedFile): Promise<boolean> =>
  file.contentBytes < THREAD_FROM_BYTES ? endsWithItsHash(file) : inThread(file)
