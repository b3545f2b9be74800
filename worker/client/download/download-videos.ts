import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { statusOfResultRecord } from '../tracking/job-status.ts'
import { requestOfJob } from './clip-request.ts'
import { openClipDownload } from './download-clips.ts'

/**
 * Downloads the videos of one job into a folder, with their records, under the names that `svd download JOB` gives them. A
 * file that is there and equal is kept, and another clip is replaced. Returns the files. Throws for a video that is missing
 * or damaged, and for a name under which a folder or another document is.
 */
export const downloadVideos = async (
  outputs: ObjectStore,
  result: ResultRecord,
  folder: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const status = statusOfResultRecord(result)
  const download = openClipDownload(outputs, [requestOfJob(status)], {
    ...{ folder, option: '--to', template: null, overwrite: true, posters: false, onFile() {} },
  })
  await download.fetch([status], signal)
  const [fault] = download.faults
  if (fault !== undefined) throw new Error(fault.message)
  return download.files.map(({ file }) => file)
}
