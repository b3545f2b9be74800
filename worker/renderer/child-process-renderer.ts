import { childEnvironment } from '../../shared/child-environment.ts'
import type { Progress } from '../pipeline/progress.ts'
import { afterProcess, endsProcess, variablesAfter } from './fault-remedy.ts'
import type { JobSchemas } from './protocol.ts'
import {
  type RendererProcess,
  type RendererProcessOptions,
  startRendererProcess,
} from './renderer-process.ts'
import { type RunningJob, startJob } from './running-job.ts'

export interface RendererOptions<Job, Result> extends RendererProcessOptions {
  readonly schemas: JobSchemas<Job, Result>
  /** Name of the process in messages; default `the renderer`. */
  readonly processName?: string
  /** Time from a request to stop to SIGKILL, because a process in native code does not react; default 2,000. */
  readonly killGraceMs?: number
  /** Silence during a job after which the process is killed; by default, there is no limit. */
  readonly stallTimeoutMs?: number
  /** Time added to `stallTimeoutMs` during a session's first run; default `FIRST_RUN_ALLOWANCE_MS`. */
  readonly firstRunAllowanceMs?: number
  /** Called when a job is rendered once more, in a process with other variables, with the reason. */
  readonly onRestart?: (reason: string) => void
}

export interface RenderContext {
  readonly signal: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

export interface Renderer<Job, Result> extends AsyncDisposable {
  /**
   * Renders one job; a second at the same time is an error. Throws
   * - `InvalidInputError` as the job threw it,
   * - `RendererCrashedError` if the process died or stalled (the next call starts a new one),
   * - `DeviceFaultError` if the card failed under the job (the process is ended then, and the next call starts a new one),
   * - `CardUnusableError` if the card cannot be used by a new process either,
   * - the reason of `signal`, once the process has stopped working on the job or was killed,
   * - else an `Error` with the message and stack of the one in the process.
   */
  render(job: Job, context: RenderContext): Promise<Result>
  /** Asks the process to exit, kills it if it does not, and waits until it is gone. */
  close(): Promise<void>
}

const KILL_GRACE_MS = 2_000

/**
 * A renderer in a process of its own, because ONNX Runtime blocks the thread it runs on, cannot be cancelled and
 * takes its process along when it crashes. The process starts with the first job and lives on between jobs, with
 * whatever it keeps in memory.
 */
export const openRenderer = <Job, Result>(options: RendererOptions<Job, Result>): Renderer<Job, Result> => {
  if (options.entry.endsWith('.ts') && !process.features.typescript) {
    throw new Error(`Node ${process.version} cannot run ${options.entry}; use Node 24, which npm scripts do`)
  }
  const killGraceMs = options.killGraceMs ?? KILL_GRACE_MS
  let current: { readonly process: RendererProcess; readonly ready: Promise<void> } | undefined
  let running: RunningJob<Result> | undefined
  let busy = false
  let closed = false
  /** Environment variables that earlier faults have shown to be needed; every later process gets them. */
  let variables: Readonly<Record<string, string>> = {}
  let jobs = 0

  const start = (): NonNullable<typeof current> => {
    const ready = Promise.withResolvers<void>()
    const env = { ...(options.env ?? childEnvironment(process.env)), ...variables }
    const child = startRendererProcess({ ...options, env }, (message) => {
      if (message.type === 'ready') ready.resolve()
      else if (running !== undefined) running.receive(message)
      else if (message.type === 'malformed') child.kill()
    })
    const started = { process: child, ready: ready.promise }
    // Registered first, so that later listeners can start a new process at once.
    child.ended.then((end) => {
      if (current === started) current = undefined
      running?.lose(end)
    })
    return started
  }

  /** SIGKILL, because a process whose context is lost may hang in the driver when it exits by itself. */
  const endProcess = async (): Promise<void> => {
    const child = current?.process
    child?.kill()
    await child?.ended
  }

  const renderOnce = async (job: Job, { signal, onProgress }: RenderContext): Promise<Result> => {
    if (closed) throw new Error('the renderer is closed')
    signal.throwIfAborted()
    current ??= start()
    const { process: child, ready } = current
    const { processName, stallTimeoutMs, firstRunAllowanceMs } = options
    running = startJob(
      child,
      {
        ...{ id: jobs++, job, killGraceMs },
        ...(processName !== undefined && { processName }),
        ...(stallTimeoutMs !== undefined && { stallTimeoutMs }),
        ...(firstRunAllowanceMs !== undefined && { firstRunAllowanceMs }),
      },
      options.schemas.result,
      onProgress ?? (() => {}),
    )
    ready.then(running.send)
    const { stop, outcome } = running
    const abort = (): void => stop(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await outcome
    } finally {
      signal.removeEventListener('abort', abort)
      running = undefined
    }
  }

  const renderWithVariables = async (job: Job, context: RenderContext): Promise<Result> => {
    for (;;) {
      try {
        return await renderOnce(job, context)
      } catch (error) {
        if (!endsProcess(error)) throw error
        await endProcess()
        const missing = Object.entries(variablesAfter(error) ?? {}).filter(([name]) => !(name in variables))
        if (missing.length === 0) throw error
        variables = { ...variables, ...Object.fromEntries(missing) }
        options.onRestart?.(error instanceof Error ? error.message : String(error))
      }
    }
  }

  const render = async (job: Job, context: RenderContext): Promise<Result> => {
    if (busy) throw new Error('the renderer runs one job at a time')
    busy = true
    try {
      return await renderWithVariables(job, context)
    } catch (error) {
      throw afterProcess(error)
    } finally {
      busy = false
    }
  }

  const close = async (): Promise<void> => {
    closed = true
    running?.stop(new Error('the renderer was closed'))
    const child = current?.process
    if (child === undefined) return
    child.send({ type: 'shutdown' })
    const timer = setTimeout(child.kill, killGraceMs)
    await child.ended
    clearTimeout(timer)
  }

  return { render, close, [Symbol.asyncDispose]: close }
}
