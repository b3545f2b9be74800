import type { BatchJobs, BatchStanding } from '../../shared/ports/batch-jobs.ts'
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
 * Those without an id are listed by name; after SHOWN_AFTER_MS they are looked for by it, before they are given up.
 * What is listed and was not asked for counts too: by hand, or from a state that was lost.
 */
export const countWorkers = async (
  asked: readonly AskedWorker[],
  batch: Pick<BatchJobs, 'listActive' | 'describe' | 'find'>,
  now: Date,
  signal: AbortSignal,
): Promise<readonly AskedWorker[]> => {
  const isOverdue = ({ asked_at }: AskedWorker): boolean =>
    now.getTime() - Date.parse(asked_at) >= SHOWN_AFTER_MS
  const listed = await batch.listActive(signal)
  const idByName = new Map(listed.map(({ name, jobId }) => [name, jobId]))
  const standings = new Map<string, BatchStanding>(listed.map(({ jobId }) => [jobId, 'active']))

  const known: AskedWorker[] = []
  for (const worker of asked) {
    const jobId = worker.job_id ?? idByName.get(worker.name) ?? null
    const found = jobId === null && isOverdue(worker) ? await batch.find(worker.name, signal) : null
    if (found !== null) standings.set(found.jobId, found.standing)
    known.push({ ...worker, job_id: jobId ?? found?.jobId ?? null })
  }

  const unlisted = known.flatMap(({ job_id }) => (job_id === null || standings.has(job_id) ? [] : [job_id]))
  const described = unlisted.length === 0 ? [] : await batch.describe(unlisted, signal)
  for (const [jobId, standing] of described) standings.set(jobId, standing)

  const mayBeActive = (worker: AskedWorker): boolean => {
    const standing = worker.job_id === null ? undefined : standings.get(worker.job_id)
    return standing === undefined ? !isOverdue(worker) : standing === 'active'
  }
  const isKnown = new Set(known.map(({ job_id }) => job_id))
  const foreign = listed.filter(({ jobId }) => !isKnown.has(jobId))
  return [
    ...known.filter(mayBeActive),
    ...foreign.map(({ jobId, name }) => ({ name, job_id: jobId, asked_at: now.toISOString() })),
  ]
}
