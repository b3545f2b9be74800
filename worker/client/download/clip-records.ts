import path from 'node:path'
import { clipRecordOfResult } from '../../../shared/contracts/clip-record.ts'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { readClipRecord, replaceClipRecord } from '../../../shared/files/clip-record-file.ts'
import type { ResultFile } from './result-files.ts'

/** A record's name may be free or have an earlier record of the same video (`own`), that of another clip, or anything else. */
export type ExistingRecord = 'own' | 'another-clip' | 'another-document'

/**
 * Compares what is at `file` with the record of a video. A record of the same video may list other files, as after a
 * download with posters.
 */
export const compareRecord = async (
  file: string,
  { job_id }: Pick<ResultRecord, 'job_id'>,
  video: number,
): Promise<ExistingRecord> => {
  const found = await readClipRecord(file)
  if (found === 'absent') return 'own'
  if (found === 'other') return 'another-document'
  return found.job_id === job_id && found.video === video ? 'own' : 'another-clip'
}

/** Whether a job's clips have records beside them. */
export const hasRecord = ({ job }: Pick<ResultRecord, 'job'>): boolean => job.parameters.metadata !== false

/**
 * Writes the record of a video beside its files, as `svd render` does. A clip of a job without metadata gets none, and
 * loses that of an earlier clip.
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
  await replaceClipRecord(file, clipRecordOfResult(result, video, listed))
}
