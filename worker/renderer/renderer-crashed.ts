/** Enough for what a library says and the native stack that Node prints after it. */
const MESSAGE_LINES = 20

/** End of a process. */
export interface ProcessEnd {
  /** Exit code; `null` if a signal ended the process, or it never started. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** The last 64 KB that the process printed. */
  readonly lastStderr: string
  /** `true` if the process is still there after SIGKILL. */
  readonly unkillable?: true
  /** Reason why the process could not be started. */
  readonly cause?: unknown
}

/**
 * The renderer's process died under a job, or had to be killed because it gave no sign. The job itself may be
 * fine: the next render starts a new process. `SIGKILL` from outside is most often the kernel's: out of memory.
 */
export class RendererCrashedError extends Error {
  override readonly name = 'RendererCrashedError'
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly lastStderr: string

  constructor(what: string, end: ProcessEnd) {
    const lastLines = end.lastStderr.trimEnd().split('\n').slice(-MESSAGE_LINES).join('\n')
    super(lastLines === '' ? what : `${what}; it last said:\n${lastLines}`, { cause: end.cause })
    this.exitCode = end.exitCode
    this.signal = end.signal
    this.lastStderr = end.lastStderr
  }
}

/** The error for a process that ended. `name` is the name of the process in its message. */
export const crashOf = (end: ProcessEnd, name = 'the renderer'): RendererCrashedError =>
  new RendererCrashedError(
    end.signal !== null
      ? `${name} was killed by ${end.signal}${end.signal === 'SIGKILL' ? ' (out of memory?)' : ''}`
      : end.exitCode !== null
        ? `${name} exited with code ${end.exitCode}`
        : end.unkillable
          ? `${name} cannot be killed: the card's driver holds it; restart the machine`
          : `${name} could not be started: ${end.cause instanceof Error ? end.cause.message : end.cause}`,
    end,
  )
