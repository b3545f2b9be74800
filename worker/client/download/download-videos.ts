import path from 'node:path'
import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { statusOfResultRecord } from '../tracking/job-status.ts'
import { openClipNames } from './clip-names.ts'
import { requestOfJob } from './clip-request.ts'
import { downloadFile } from './download-file.ts'
import { compareExisting } from './existing-file.ts'
import { filesOfResult } from './result-files.ts'

/**
 * Downloads the videos of one job into a folder, under the names that `svd download JOB` gives them. A file that is there
 * and equal is kept, any other is replaced. Returns the files.
 */
export const downloadVideos = async (
  outputs: ObjectStore,
  result: ResultRecord,
  folder: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const status = statusOfResultRecord(result)
  const names = openClipNames([requestOfJob(status)], null)
  names.add([status])
  const videos = filesOfResult(result, { posters: false })
  const files: string[] = []
  for (const { video, stem } of names.of(result.job_id)) {
    for (const { ending, stored } of videos.filter((file) => file.video === video)) {
      const target = path.join(folder, `${stem}${ending}`)
      if ((await compareExisting(target, stored, signal)) !== 'equal')
        await downloadFile(outputs, stored, target, signal)
      files.push(target)
    }
  }
  return files
}
