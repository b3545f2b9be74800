import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { type JobStatus, readJobStatus } from './job-status.ts'

/** Records are small: reading them is waiting for answers. */
const LANES = 16

/** Reads the statuses of jobs, in the order of `jobIds`. A job without any record is left out. */
export const readJobStatuses = async (
  outputs: ObjectStore,
  jobIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly JobStatus[]> => {
  const statuses = await inLanes(jobIds, LANES, (jobId) => readJobStatus(outputs, jobId, signal))
  return statuses.filter((status) => status !== null)
}
