import { Worker } from 'node:worker_threads'

/** What the thread is told. */
export interface ParentWatch {
  readonly parentPid: number
  /** From the parent's end to the end of this process. */
  readonly graceMs: number
}

/**
 * Ends this process by SIGKILL some time after its parent has ended. A thread of its own looks, because native code may
 * block this one for minutes, while it holds gigabytes that nobody asks for any more.
 */
export const watchParent = (watch: ParentWatch): void => {
  const thread = new Worker(new URL('./parent-watch-thread.ts', import.meta.url), { workerData: watch })
  thread.unref()
}
