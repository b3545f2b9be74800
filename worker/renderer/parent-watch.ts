import { Worker } from 'node:worker_threads'
import { programFile } from '../../shared/program-file.ts'

/** Data for the thread. */
export interface ParentWatch {
  readonly parentPid: number
  /** Time from the parent's end to the end of this process. */
  readonly graceMs: number
}

/**
 * Ends this process by SIGKILL some time after its parent has ended. A second thread checks this, because native code may
 * block the first one for minutes, and holds gigabytes meanwhile.
 */
export const watchParent = (watch: ParentWatch): void => {
  const thread = new Worker(programFile('./parent-watch-thread', import.meta.url), { workerData: watch })
  thread.unref()
}
