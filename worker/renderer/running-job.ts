import type { z } from 'zod'
import type { Progress } from '../pipeline/progress.ts'
import type { ToParent } from './protocol.ts'
import { crashOf, type ProcessEnd, RendererCrashedError } from './renderer-crashed.ts'
import type { RendererProcess } from './renderer-process.ts'
import { fromWireError } from './wire-error.ts'

/**
 * Time that a session's first run may take beyond the silence that is allowed otherwise. On a card cuDNN plans each
 * convolution, which is expected to take 10 to 60 s. Ten minutes are enough for slow processors, and still end a hang.
 */
export const FIRST_RUN_ALLOWANCE_MS = 600_000

export interface JobRequest {
  readonly id: number
  /** Name of the process in messages; default `the renderer`. */
  readonly processName?: string
  readonly job: unknown
  readonly killGraceMs: number
  readonly stallTimeoutMs?: number
  /** Default `FIRST_RUN_ALLOWANCE_MS`. */
  readonly firstRunAllowanceMs?: number
}

export interface RunningJob<Result> {
  /** Settles when the process has answered, or is gone: after a stop nothing works on the job any more. */
  readonly outcome: Promise<Result>
  /** Sends the job to the process, unless the job was stopped while the process was starting. */
  send(): void
  receive(message: Exclude<ToParent, { type: 'ready' }> | { type: 'malformed'; fault: Error }): void
  /** Cancels, and kills the process if it does not answer in time. The first reason is the one thrown. */
  stop(reason: unknown): void
  /** Fails the job, because the process has ended. */
  lose(end: ProcessEnd): void
}

/**
 * Follows one job in the process. Ways to end, of which the first wins:
 *
 *   result          → resolves
 *   failed          → rejects with the error of the job
 *   process gone    → rejects with `RendererCrashedError`
 *   stop(reason)    → cancel, then `failed`, `result` or a kill → rejects with the reason
 *   silence for `stallTimeoutMs` → kill → rejects with `RendererCrashedError`; from the sign that a session's first run
 *                                  begins to the next sign, `firstRunAllowanceMs` more
 *   message or result that breaks the protocol → kill → rejects with the fault
 */
export const startJob = <Result>(
  child: RendererProcess,
  {
    id,
    processName = 'the renderer',
    job,
    killGraceMs,
    stallTimeoutMs,
    firstRunAllowanceMs = FIRST_RUN_ALLOWANCE_MS,
  }: JobRequest,
  resultSchema: z.ZodType<Result>,
  onProgress: (progress: Progress) => void,
): RunningJob<Result> => {
  const answer = Promise.withResolvers<Result>()
  let sent = false
  let stopped: { readonly reason: unknown } | undefined
  let graceTimer: NodeJS.Timeout | undefined

  let stallTimer: NodeJS.Timeout | undefined
  let stalledMs: number | undefined

  const kill = (reason: unknown): void => {
    stopped ??= { reason }
    child.kill()
  }
  /** Starts the time limit of the silence again. */
  const expectSign = (allowanceMs = 0): void => {
    if (stallTimeoutMs === undefined) return
    const limitMs = stallTimeoutMs + allowanceMs
    clearTimeout(stallTimer)
    stallTimer = setTimeout(() => {
      stalledMs = limitMs
      child.kill()
    }, limitMs)
  }
  expectSign()

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
    if (stopped === undefined) {
      const isFirstRun = message.type === 'progress' && message.progress.firstRun === true
      expectSign(isFirstRun ? firstRunAllowanceMs : 0)
    }
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
    expectSign()
    try {
      child.send({ type: 'render', id, job })
    } catch (error) {
      // Something in the job that cannot be copied into another process.
      answer.reject(error)
    }
  }

  const lose = (end: ProcessEnd): void =>
    answer.reject(
      stalledMs === undefined
        ? crashOf(end, processName)
        : new RendererCrashedError(`${processName} gave no sign for ${stalledMs} ms and was killed`, end),
    )

  return { outcome, send, receive, stop, lose }
}
