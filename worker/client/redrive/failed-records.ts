import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import { type ResultRecord, resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'
import { openIndex } from '../tracking/open-index.ts'
import { mayComeBack, passesFilter, type RedriveFilter } from './redrive-filter.ts'

const LANES = 16

/** Ids of the jobs that the filter names; if it names none, of all jobs that failed. */
const idsToRead = async (
  outputs: ObjectStore,
  { jobIds }: RedriveFilter,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  if (jobIds !== null) return [...jobIds]
  const failed = await Array.fromAsync(openIndex(outputs, signal).newestJobs(['failed']))
  return failed.map(({ jobId }) => jobId)
}

/** Records of jobs that may be brought back, with or without a dead-letter message. */
export const findFailedRecords = async (
  outputs: ObjectStore,
  filter: RedriveFilter,
  signal: AbortSignal,
): Promise<readonly ResultRecord[]> => {
  const records = await inLanes(await idsToRead(outputs, filter, signal), LANES, (jobId) =>
    readReadableRecord(outputs, resultKey(jobId), resultRecordSchema, signal),
  )
  return records.flatMap((stored) => {
    if (stored === null) return []
    const { record } = stored
    const candidate = { jobId: record.job_id, result: record, sentAt: new Date(record.job.submitted_at) }
    return mayComeBack(candidate, filter) && passesFilter(candidate, filter) ? [record] : []
  })
}
