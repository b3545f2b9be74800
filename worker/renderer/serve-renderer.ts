import type { Progress } from '../pipeline/progress.ts'
import { watchParent } from './parent-watch.ts'
import { type JobSchemas, type ToParent, toChildSchema } from './protocol.ts'
import { toWireError } from './wire-error.ts'

export interface RendererService<Job, Result> {
  readonly schemas: JobSchemas<Job, Result>
  /** Does one job. Called for one at a time, so that it may keep things in memory between jobs. */
  readonly render: (
    job: Job,
    context: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void },
  ) => Promise<Result>
}

/** Time that a job has to remove its unfinished files when its process shuts down. */
const LEAVE_MS = 2_000
/** Time after which a process without a parent is killed if native code keeps it from exiting by itself. */
const BLOCKED_MS = LEAVE_MS + 1_000

/**
 * Makes this process a renderer: takes jobs from the process that started it, until that asks it to exit or is
 * gone itself. Ctrl-C, SIGTERM and SIGHUP reach a whole group of processes; here they are left to the parent, which
 * knows whether the job should be finished, cancelled or released.
 */
export const serveRenderer = <Job, Result>(service: RendererService<Job, Result>): void => {
  if (process.send === undefined) {
    throw new Error('a renderer has no life of its own: it is started by openRenderer, with a channel to it')
  }
  let running: { readonly id: number; readonly controller: AbortController } | undefined
  let leaving = false

  const send = (message: ToParent): void => {
    // A parent that is gone reads nothing; `disconnect` ends this process.
    if (process.connected) process.send?.(message, undefined, undefined, () => {})
  }

  const renderOne = async (id: number, job: unknown): Promise<void> => {
    if (running !== undefined) {
      return send({
        type: 'failed',
        id,
        error: toWireError(new Error(`job ${running.id} is running`), false),
      })
    }
    const controller = new AbortController()
    running = { id, controller }
    try {
      const onProgress = (progress: Progress): void => send({ type: 'progress', id, progress })
      const result = await service.render(service.schemas.job.parse(job), {
        signal: controller.signal,
        onProgress,
      })
      send({ type: 'result', id, result: service.schemas.result.parse(result) })
    } catch (error) {
      send({ type: 'failed', id, error: toWireError(error, controller.signal.aborted) })
    } finally {
      running = undefined
      if (leaving) process.exit(0)
    }
  }

  const leave = (): void => {
    leaving = true
    running?.controller.abort()
    setTimeout(() => process.exit(0), running === undefined ? 0 : LEAVE_MS)
  }

  process.on('message', (raw) => {
    const message = toChildSchema.parse(raw)
    switch (message.type) {
      case 'render':
        void renderOne(message.id, message.job)
        break
      case 'cancel':
        if (running?.id === message.id) running.controller.abort()
        break
      case 'shutdown':
        leave()
        break
    }
  })
  process.on('disconnect', leave)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  watchParent({ parentPid: process.ppid, graceMs: BLOCKED_MS })
  send({ type: 'ready' })
}
