import type { BatchJobs } from '../../shared/ports/batch-jobs.ts'
import type { AskedWorker } from './dispatch-state.ts'

/**
 * So long after it was asked for, a worker that Batch does not show was never started: longer than a function lives and
 * a request is on its way (a minute each), and then than Batch takes to show what it has.
 */
export const SHOWN_AFTER_MS = 5 * 60_000

/**
 * The workers that are active, or may be. Of those that were asked for:
 *
 *   listed                              active
 *   not listed, described as active     active: it was given another attempt while the lists were read
 *   not listed, described as ended      gone
 *   neither listed nor described        may be active: until SHOWN_AFTER_MS, then it was never started
 *
 * What is listed and was not asked for counts too: by hand, or from a state that was lost.
 */
export const countWorkers = async (
  asked: readonly AskedWorker[],
  batch: Pick<BatchJobs, 'listActive' | 'describe'>,
  now: Date,
  signal: AbortSignal,
): Promise<readonly AskedWorker[]> => {
  const listed = await batch.listActive(signal)
  const idByName = new Map(listed.map(({ name, jobId }) => [name, jobId]))
  const isListed = new Set(listed.map(({ jobId }) => jobId))
  const known = asked.map((worker) => ({
    ...worker,
    job_id: worker.job_id ?? idByName.get(worker.name) ?? null,
  }))
  const unlisted = known.flatMap(({ job_id }) => (job_id === null || isListed.has(job_id) ? [] : [job_id]))
  const standings = unlisted.length === 0 ? new Map() : await batch.describe(unlisted, signal)

  const mayBeActive = ({ job_id, asked_at }: AskedWorker): boolean => {
    if (job_id !== null && isListed.has(job_id)) return true
    const standing = job_id === null ? undefined : standings.get(job_id)
    if (standing !== undefined) return standing === 'active'
    return now.getTime() - Date.parse(asked_at) < SHOWN_AFTER_MS
  }

  const isKnown = new Set(known.map(({ job_id }) => job_id))
  const foreign = listed.filter(({ jobId }) => !isKnown.has(jobId))
  return [
    ...known.filter(mayBeActive),
    ...foreign.map(({ jobId, name }) => ({ name, job_id: jobId, asked_at: now.toISOString() })),
  ]
}
