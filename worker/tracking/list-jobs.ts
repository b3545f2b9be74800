import { JOBS_PREFIX, jobIdOfResult, STATUS_PREFIX } from '../../shared/contracts/bucket-layout.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

export interface ListedJob {
  readonly jobId: string
  /** When its newest record was written. */
  readonly updatedAt: Date
}

const STATUS_KEY = /^status\/([0-9a-f]{32})\.json$/

/** Every job of a bucket, the one that changed last first. A status may be missing, so results count too. */
export const listJobs = async (outputs: ObjectStore, signal: AbortSignal): Promise<readonly ListedJob[]> => {
  const updatedAt = new Map<string, Date>()
  const note = (jobId: string | null | undefined, written: Date): void => {
    if (jobId === null || jobId === undefined) return
    const known = updatedAt.get(jobId)
    if (known === undefined || known < written) updatedAt.set(jobId, written)
  }
  for await (const { key, lastModified } of outputs.list(STATUS_PREFIX, signal)) {
    note(STATUS_KEY.exec(key)?.[1], lastModified)
  }
  for await (const { key, lastModified } of outputs.list(JOBS_PREFIX, signal)) {
    note(jobIdOfResult(key), lastModified)
  }
  return [...updatedAt]
    .map(([jobId, written]) => ({ jobId, updatedAt: written }))
    .sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime() || (a.jobId < b.jobId ? -1 : 1))
}
