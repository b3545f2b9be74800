import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import path from 'node:path'
import type { ResultRecord, StoredFile } from '../../../shared/contracts/result-record.ts'
import { writeThenRename } from '../../../shared/files/write-then-rename.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'

const PIECE_BYTES = 8 * 2 ** 20

/** Fetches a stored file piece by piece; under its name it is whole and what its record says, or not there. */
export const downloadFile = async (
  store: ObjectStore,
  { key, sha256 }: StoredFile,
  target: string,
  signal: AbortSignal,
): Promise<void> => {
  const info = await store.head(key, signal)
  if (info === null) throw new Error(`s3://${store.bucket}/${key}: is not there any more`)
  await writeThenRename(target, async (temporary) => {
    await using file = await open(temporary, 'w')
    const hash = createHash('sha256')
    for (let start = 0; start < info.sizeBytes; start += PIECE_BYTES) {
      const end = Math.min(start + PIECE_BYTES, info.sizeBytes)
      const bytes = await store.readRange(key, { start, end, etag: info.etag }, signal)
      hash.update(bytes)
      await file.writeFile(bytes)
    }
    const found = hash.digest('hex')
    if (found !== sha256) {
      throw new Error(`s3://${store.bucket}/${key}: has SHA-256 ${found}, not ${sha256} as its record says`)
    }
  })
}

const UNFIT_FOR_FILES = /[\p{Cc}\p{Cs}<>:"/\\|?*]/gu
const ID_IN_NAME = 8

/** `cup-7c12e969.mp4`; of several videos `cup-7c12e969-0.mp4` and so on. The id tells the clips of a sweep apart. */
const fileNames = ({ job, job_id, outputs }: ResultRecord): readonly string[] => {
  const { name } = path.posix.parse(job.image.source_key)
  const stem = `${name.replaceAll(UNFIT_FOR_FILES, '_').slice(0, 100)}-${job_id.slice(0, ID_IN_NAME)}`
  return outputs.map((_, index) => (outputs.length === 1 ? `${stem}.mp4` : `${stem}-${index}.mp4`))
}

/** A job's videos into a folder. Returns the files. */
export const downloadVideos = async (
  outputs: ObjectStore,
  result: ResultRecord,
  folder: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const files = fileNames(result).map((name) => path.join(folder, name))
  for (const [index, { video }] of result.outputs.entries()) {
    const file = files[index]
    if (file !== undefined) await downloadFile(outputs, video, file, signal)
  }
  return files
}
