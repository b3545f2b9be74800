import type { z } from 'zod'
import type { Progress } from '../pipeline/progress.ts'
import type { ToParent } from './protocol.ts'
import { crashOf, type ProcessEnd, RendererCrashedError } from './renderer-crashed.ts'
import type { RendererProcess } from './renderer-process.ts'
import { fromWireError } from './wire-error.ts'

export interface JobOrder {
  readonly id: number
  readonly job: unknown
  readonly killGraceMs: number
  readonly stallTimeoutMs?: number
}

export interface RunningJob<Result> {
  /** Settles when the process has answered, or is gone: after a stop nothing works on the job any more. */
  readonly outcome: Promise<Result>
  /** Hands the job to the process, unless it was stopped while the process was starting. */
  send(): void
  receive(message: Exclude<ToParent, { type: 'ready' }> | { type: 'malformed'; fault: Error }): void
  /** Cancels, and kills the process if it does not answer in time. The first reason is the one thrown. */
  stop(reason: unknown): void
  /** The process is gone. */
  lose(end: ProcessEnd): void
}

/**
 * Follows one job in the process. Ways to end, of which the first wins:
 *
 *   result          → resolves
 *   failed          → rejects with the error of the job
 *   process gone    → rejects with `RendererCrashedError`
 *   stop(reason)    → cancel, then `failed`, `result` or a kill → rejects with the reason
 *   silence for `stallTimeoutMs` → kill → rejects with `RendererCrashedError`
 *   message or result that breaks the protocol → kill → rejects with the fault
 */
export const startJob = <Result>(
  child: RendererProcess,
  { id, job, killGraceMs, stallTimeoutMs }: JobOrder,
  resultSchema: z.ZodType<Result>,
  onProgress: (progress: Progress) => void,
): RunningJob<Result> => {
  const answer = Promise.withResolvers<Result>()
  let sent = false
  let stopped: { readonly reason: unknown } | undefined
  let graceTimer: NodeJS.Timeout | undefined

  let stalled = false

  const kill = (reason: unknown): void => {
    stopped ??= { reason }
    child.kill()
  }
  const stall = (): void => {
    stalled = true
    child.kill()
  }
  const stallTimer = stallTimeoutMs === undefined ? undefined : setTimeout(stall, stallTimeoutMs)

  const stop = (reason: unknown): void => {
    if (stopped !== undefined) return
    stopped = { reason }
    clearTimeout(stallTimer)
    // A process that is still starting has nothing to stop; it goes on for the next job.
    if (!sent) {
      answer.reject(reason)
      return
    }
    child.send({ type: 'cancel', id })
    graceTimer = setTimeout(child.kill, killGraceMs)
  }

  const receive: RunningJob<Result>['receive'] = (message) => {
    if (message.type === 'malformed') return kill(message.fault)
    if (message.id !== id) return
    if (stopped === undefined) stallTimer?.refresh()
    if (message.type === 'failed') return answer.reject(fromWireError(message.error))
    if (message.type === 'result') {
      const result = resultSchema.safeParse(message.result)
      return result.success ? answer.resolve(result.data) : kill(result.error)
    }
    if (stopped !== undefined) return
    try {
      onProgress(message.progress)
    } catch (error) {
      stop(error)
    }
  }

  const outcome = answer.promise
    .then(
      (result) => {
        if (stopped !== undefined) throw stopped.reason
        return result
      },
      (error: unknown) => {
        throw stopped === undefined ? error : stopped.reason
      },
    )
    .finally(() => {
      clearTimeout(stallTimer)
      clearTimeout(graceTimer)
    })

  const send = (): void => {
    if (stopped !== undefined) return
    sent = true
    stallTimer?.refresh()
    try {
      child.send({ type: 'render', id, job })
    } catch (error) {
      // Something in the job that cannot be copied into another process.
      answer.reject(error)
    }
  }

  const lose = (end: ProcessEnd): void =>
    answer.reject(
      stalled
        ? new RendererCrashedError(`the renderer gave no sign for ${stallTimeoutMs} ms and was killed`, end)
        : crashOf(end),
    )

  return { outcome, send, receive, stop, lose }
}
