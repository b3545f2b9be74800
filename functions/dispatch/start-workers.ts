import type { AskedWorker } from '../../shared/contracts/dispatch-state.ts'
import { type BatchJobs, SubmitRefusedError } from '../../shared/ports/batch-jobs.ts'
import type { DispatchDeps, StopReason } from './dispatch-deps.ts'

export interface StartedWorkers {
  /** Those that run, or may. Those that were certainly not started are left out. */
  readonly asked: readonly AskedWorker[]
  readonly started: number
  readonly stopped: StopReason | null
  /** Why `failed`. */
  readonly error: unknown
}

/**
 * A tenth of a second between two: the account has fifty requests a second for all that it does with Batch (AWS re:Post,
 * "Too Many Requests" of AWS Batch).
 */
const PAUSE_MS = 100

/**
 * Asks Batch for these, one after the other, until the time is over or one fails: an answer of Batch's that is not
 * "started" is no reason to ask for more.
 */
export const startWorkers = async (
  { batch, now, sleep }: Pick<DispatchDeps, 'now' | 'sleep'> & { readonly batch: BatchJobs },
  workers: readonly AskedWorker[],
  untilMs: number,
  signal: AbortSignal,
): Promise<StartedWorkers> => {
  const asked: AskedWorker[] = []
  let started = 0
  for (const worker of workers) {
    if (now().getTime() >= untilMs) return { asked, started, stopped: 'time', error: null }
    try {
      asked.push({ ...worker, job_id: await batch.submit(worker.name, signal) })
      started++
    } catch (error) {
      signal.throwIfAborted()
      const refused = error instanceof SubmitRefusedError
      if (!refused) asked.push(worker)
      return { asked, started, stopped: refused && error.throttled ? 'throttled' : 'failed', error }
    }
    await sleep(PAUSE_MS, signal)
  }
  return { asked, started, stopped: null, error: null }
}
