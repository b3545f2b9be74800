import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { type JobStanding, readStanding } from './job-standing.ts'

/** Records are small: reading them is waiting for answers. */
const LANES = 16

/** Reads the statuses of jobs, in the order of `jobIds`. A job without any record is left out. */
export const readStandings = async (
  outputs: ObjectStore,
  jobIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly JobStanding[]> => {
  const standings = await inLanes(jobIds, LANES, (jobId) => readStanding(outputs, jobId, signal))
  return standings.filter((standing) => standing !== null)
}
