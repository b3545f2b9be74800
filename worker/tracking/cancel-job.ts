import { cancelKey } from '../../shared/contracts/bucket-layout.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { isDone, type JobStanding, readStanding } from './job-standing.ts'

/** `requested`: a worker that has it, or gets it, stops. `done-before`: there is nothing to stop. */
export interface CancelOutcome {
  readonly outcome: 'requested' | 'done-before'
  readonly standing: JobStanding
}

/** Null: there is no such job. The mark's being there counts, not what it says. */
export const cancelJob = async (
  outputs: ObjectStore,
  jobId: string,
  now: Date,
  signal: AbortSignal,
): Promise<CancelOutcome | null> => {
  const standing = await readStanding(outputs, jobId, signal)
  if (standing === null) return null
  if (isDone(standing)) return { outcome: 'done-before', standing }
  const mark = { version: 1, job_id: jobId, requested_at: now.toISOString() }
  const bytes = new TextEncoder().encode(`${JSON.stringify(mark, null, 2)}\n`)
  await outputs.put(cancelKey(jobId), bytes, { contentType: 'application/json' }, signal)
  return { outcome: 'requested', standing }
}
