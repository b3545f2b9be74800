import type { AskedWorker } from '../../shared/contracts/dispatch-state.ts'
import type { BatchJobState, BatchJobs } from '../../shared/ports/batch-jobs.ts'

/**
 * So long after it was asked for, a worker that Batch does not show was never started: longer than a function lives and
 * a request is on its way (a minute each), and then than Batch takes to show what it has.
 */
export const SHOWN_AFTER_MS = 5 * 60_000

/** A worker that ended FAILED, but not because its machine was reclaimed. */
export interface FailedWorker {
  readonly reason: string
  /** Its job definition; `null` if it is not known. */
  readonly revision: string | null
}

export interface CountedWorkers {
  /** Workers that are active, or may be. */
  readonly active: readonly AskedWorker[]
  /** Names of those whose container runs. */
  readonly running: ReadonlySet<string>
  readonly failed: readonly FailedWorker[]
}

/**
 * Which of the workers that were asked for are active, or may be:
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
): Promise<CountedWorkers> => {
  const isOverdue = ({ asked_at }: AskedWorker): boolean =>
    now.getTime() - Date.parse(asked_at) >= SHOWN_AFTER_MS
  const listed = await batch.listActive(signal)
  const idByName = new Map(listed.map(({ name, jobId }) => [name, jobId]))
  const states = new Map<string, BatchJobState>(
    listed.map(({ jobId, isRunning }) => [jobId, { type: 'active', isRunning }]),
  )

  const known: AskedWorker[] = []
  for (const worker of asked) {
    const jobId = worker.job_id ?? idByName.get(worker.name) ?? null
    const found = jobId === null && isOverdue(worker) ? await batch.find(worker.name, signal) : null
    if (found !== null) states.set(found.jobId, found.state)
    known.push({ ...worker, job_id: jobId ?? found?.jobId ?? null })
  }

  const unlisted = known.flatMap(({ job_id }) => (job_id === null || states.has(job_id) ? [] : [job_id]))
  const described = unlisted.length === 0 ? [] : await batch.describe(unlisted, signal)
  for (const [jobId, state] of described) states.set(jobId, state)

  const stateOf = ({ job_id }: AskedWorker): BatchJobState | undefined =>
    job_id === null ? undefined : states.get(job_id)
  const mayBeActive = (worker: AskedWorker): boolean => {
    const state = stateOf(worker)
    return state === undefined ? !isOverdue(worker) : state.type === 'active'
  }
  const isKnown = new Set(known.map(({ job_id }) => job_id))
  const foreign = listed
    .filter(({ jobId }) => !isKnown.has(jobId))
    .map(({ jobId, name }) => ({ name, job_id: jobId, asked_at: now.toISOString(), revision: null }))
  const active = [...known.filter(mayBeActive), ...foreign]
  const running = active.filter((worker) => {
    const state = stateOf(worker)
    return state?.type === 'active' && state.isRunning
  })
  return {
    active,
    running: new Set(running.map(({ name }) => name)),
    failed: known.flatMap((worker) => {
      const state = stateOf(worker)
      return state?.type === 'failed' && !state.isReclaimed
        ? [{ reason: state.reason, revision: worker.revision }]
        : []
    }),
  }
}
