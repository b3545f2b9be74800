import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import type { WheelFile } from './provider-release.ts'

/** Readable by every user, whatever the umask: a worker may run as another one than the user who installs. */
const MODE = 0o644

const extractOne = async (
  zip: ZipFile,
  entry: Entry,
  { name, path: inWheel, sha256 }: WheelFile,
  folder: string,
  signal: AbortSignal,
): Promise<void> => {
  const hash = createHash('sha256')
  const hashed = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk)
      yield chunk
    }
  }
  const target = path.join(folder, name)
  // `flush`: a rename that survives a power failure must not give its name to a file that did not.
  const output = createWriteStream(target, { flush: true })
  await pipeline(await zip.openReadStreamPromise(entry), hashed, output, { signal })
  await chmod(target, MODE)
  const actual = hash.digest('hex')
  if (actual !== sha256) throw new Error(`${inWheel} in the wheel has SHA-256 ${actual}; must be ${sha256}`)
}

/**
 * Extracts `files` of a wheel, which is a zip, into `folder` under their names, and syncs them to the disk. Throws if
 * one is not in the wheel or is not the pinned one.
 */
export const extractWheel = async (
  wheel: string,
  files: readonly WheelFile[],
  folder: string,
  signal: AbortSignal,
): Promise<void> => {
  const zip = await openPromise(wheel, { autoClose: false })
  try {
    const missing = new Map(files.map((file) => [file.path, file]))
    for await (const entry of zip.eachEntry()) {
      const file = missing.get(entry.fileName)
      if (file === undefined) continue
      await extractOne(zip, entry, file, folder, signal)
      missing.delete(entry.fileName)
      if (missing.size === 0) break
    }
    if (missing.size > 0) throw new Error(`the wheel does not have ${[...missing.keys()].join(' and ')}`)
  } finally {
    zip.close()
  }
}
