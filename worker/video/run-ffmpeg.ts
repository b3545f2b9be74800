import { access, constants } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { execa } from 'execa'
import ffmpeg from 'fluent-ffmpeg'
import { childEnvironment } from '../../shared/child-environment.ts'
import { endWithThisProcess } from '../../shared/end-with-this-process.ts'
import { openOutputTail } from '../../shared/output-tail.ts'
import { endWithParent } from './end-with-parent.ts'
import { stoppable } from './stoppable.ts'

export interface FfmpegRun {
  readonly ffmpegPath: string
  /** Written to ffmpeg's standard input, no faster than it reads. */
  readonly input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  readonly inputOptions: readonly string[]
  readonly outputOptions: readonly string[]
  readonly output: string
  readonly signal: AbortSignal
  /** From SIGTERM to SIGKILL; default 2,000. */
  readonly killGraceMs?: number
  /** Time limit in which it reads nothing, or continues after the end of its input; default `STALL_MS`. */
  readonly stallMs?: number
}

/** A frame is encoded in less than a second, and a clip is closed in a few. */
const STALL_MS = 120_000
const KILL_GRACE_MS = 2_000

/** ffmpeg could not be started, refused its work or was killed by someone else. */
export class FfmpegFailedError extends Error {
  override readonly name = 'FfmpegFailedError'
  /** The last 64 KB of what it said. */
  readonly stderr: string

  constructor(message: string, stderr: string, options?: ErrorOptions) {
    super(message, options)
    this.stderr = stderr
  }
}

/** Without this check, the program that starts ffmpeg would report the fault in its own words. */
const assertRuns = async (ffmpegPath: string): Promise<void> => {
  try {
    await access(ffmpegPath, constants.X_OK)
  } catch (cause) {
    throw new FfmpegFailedError(cause instanceof Error ? cause.message : String(cause), '', { cause })
  }
}

interface Wait {
  begin(): void
  end(): void
}

/** The same items. `wait` lasts while the consumer of an item keeps this generator waiting, and begins again at the end. */
async function* timed<T>(items: AsyncIterable<T>, wait: Wait): AsyncGenerator<T> {
  for await (const item of items) {
    wait.begin()
    yield item
    wait.end()
  }
  wait.begin()
}

/** The same items. `onError` gets the error of the items themselves, not one that ends the consumer's loop. */
async function* reporting<T>(
  items: AsyncIterable<T> | Iterable<T>,
  onError: (error: unknown) => void,
): AsyncGenerator<T> {
  try {
    yield* items
  } catch (error) {
    onError(error)
    throw error
  }
}

/** fluent-ffmpeg only puts the arguments into order; it starts no process and asks ffmpeg nothing. */
const argumentsOf = ({ inputOptions, outputOptions, output }: FfmpegRun): readonly string[] =>
  ffmpeg('pipe:0')
    .inputOptions(...inputOptions)
    .outputOptions(...outputOptions)
    .output(output)
    ._getArguments()

/** The last lines that ffmpeg logged: its banner has lines that begin with a space, and its parts begin theirs with `[`. */
const complaintOf = (stderr: string): string => {
  const lines = stderr.split(/\r\n|\r|\n/)
  return lines.slice(lines.findLastIndex((line) => /^[ []/.test(line)) + 1).join('\n')
}

interface EndOfProcess {
  readonly failed: boolean
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  readonly originalMessage?: string | undefined
}

const messageOf = ({ failed, exitCode, signal, originalMessage }: EndOfProcess, stderr: string): string => {
  if (!failed) return 'ffmpeg ended before it had read every frame'
  if (exitCode !== undefined) return `ffmpeg exited with code ${exitCode}: ${complaintOf(stderr)}`
  return signal === undefined
    ? `ffmpeg could not be started: ${originalMessage}`
    : `ffmpeg was killed with signal ${signal}`
}

/**
 * Runs ffmpeg with the arguments that fluent-ffmpeg builds; this is the only file that knows that library. Ends when the
 * process has ended and let go of its files, and never before: by itself, or because `input` threw or `signal` aborted
 * (rejects with that very error or reason, whichever came first), or because it hung (rejects with
 * `FfmpegFailedError`).
 */
export const runFfmpeg = async (run: FfmpegRun): Promise<void> => {
  const { ffmpegPath, stallMs = STALL_MS, killGraceMs = KILL_GRACE_MS } = run
  run.signal.throwIfAborted()
  await assertRuns(ffmpegPath)
  const { program, args } = await endWithParent(ffmpegPath)
  run.signal.throwIfAborted()

  const stderr = openOutputTail()
  const controller = new AbortController()
  const { signal: stop } = controller
  const stopped = Promise.withResolvers<never>()
  stopped.promise.catch(() => {})
  stop.addEventListener('abort', () => stopped.reject(stop.reason), { once: true })
  const abort = (): void => controller.abort(run.signal.reason)
  run.signal.addEventListener('abort', abort, { once: true })

  let isOver = false
  let stallTimer: NodeJS.Timeout | undefined
  const stall: Wait = {
    begin() {
      // An item that was computed meanwhile comes to nothing.
      if (isOver) return
      stallTimer = setTimeout(() => {
        const message = `ffmpeg hung: it read nothing of its input, or did not end after it, for ${stallMs / 1000} s`
        controller.abort(new FfmpegFailedError(message, stderr.text()))
      }, stallMs)
    },
    end: () => clearTimeout(stallTimer),
  }
  const items = reporting(run.input, (error) => controller.abort(error))
  const source = Readable.from(timed(stoppable(items, stopped.promise), stall), { objectMode: false })

  // `stop` also closes ffmpeg's input below: ffmpeg notices SIGTERM between two reads, and may wait for a frame.
  const child = execa(program, [...args, ...argumentsOf(run)], {
    ...{ env: childEnvironment(process.env), extendEnv: false },
    ...{ stdin: 'pipe', stdout: 'ignore', stderr: 'pipe', buffer: false },
    ...{ cancelSignal: stop, forceKillAfterDelay: killGraceMs, reject: false },
    // `endWithThisProcess` does it, by SIGKILL, and without listeners for this process's signals.
    cleanup: false,
  })
  endWithThisProcess(child)
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  try {
    // An input that ffmpeg did not read shows in how ffmpeg ends.
    pipeline(source, child.stdin, { signal: stop }).catch(() => {})
    const end = await child
    if (!end.failed && source.readableEnded) return
    if (stop.aborted) throw stop.reason
    throw new FfmpegFailedError(messageOf(end, stderr.text()), stderr.text(), { cause: end.cause })
  } finally {
    isOver = true
    stall.end()
    run.signal.removeEventListener('abort', abort)
    source.destroy()
  }
}
