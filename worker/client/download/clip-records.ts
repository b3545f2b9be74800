import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  type ClipRecord,
  clipRecordOfResult,
  encodeClipRecord,
  parseClipRecord,
} from '../../../shared/contracts/clip-record.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { writeThenRename } from '../../../shared/files/write-then-rename.ts'
import type { ResultFile } from './result-files.ts'

/** Ending that a record adds to the name that all files of a video share. */
export const RECORD_ENDING = '.json'

/**
 * A record's name may be free or have an earlier record of the same video (`own`), the record of another clip, another
 * document, or a folder.
 */
export type ExistingRecord = 'own' | 'another-clip' | 'another-document' | 'folder'

const readRecord = async (file: string): Promise<ClipRecord | 'none' | 'other' | 'folder'> => {
  try {
    return parseClipRecord(await readFile(file, 'utf8')) ?? 'other'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return 'none'
    if (code === 'EISDIR') return 'folder'
    throw error
  }
}

/**
 * Compares what is at `file` with the record of a video. A record of the same video may list other files, as after a
 * download with posters.
 */
export const compareRecord = async (
  file: string,
  { job_id }: Pick<ResultRecord, 'job_id'>,
  video: number,
): Promise<ExistingRecord> => {
  const found = await readRecord(file)
  if (found === 'none') return 'own'
  if (found === 'folder') return 'folder'
  if (found === 'other') return 'another-document'
  return found.job_id === job_id && found.video === video ? 'own' : 'another-clip'
}

/** Whether a job's clips have records beside them. */
export const hasRecord = ({ job }: Pick<ResultRecord, 'job'>): boolean => job.parameters.metadata !== false

/**
 * Writes the record of a video beside its files, as `svd render` does. A clip of a job without metadata gets none, and
 * loses that of an earlier clip, which would describe it falsely.
 */
export const writeRecord = async (
  file: string,
  result: ResultRecord,
  video: number,
  files: readonly (Pick<ResultFile, 'stored'> & { readonly file: string })[],
): Promise<void> => {
  const listed = files.map(({ file: listedFile, stored }) => ({
    name: path.basename(listedFile),
    size_bytes: stored.size_bytes,
    sha256: stored.sha256,
  }))
  const record = clipRecordOfResult(result, video, listed)
  if (record !== null)
    await writeThenRename(file, (temporary) => writeFile(temporary, encodeClipRecord(record)))
  else if (typeof (await readRecord(file)) !== 'string') await rm(file)
}
