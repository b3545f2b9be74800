import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { access, constants } from 'node:fs/promises'
import { Readable } from 'node:stream'
import ffmpeg from 'fluent-ffmpeg'
import { childEnvironment } from '../../shared/child-environment.ts'
import { endWithThisProcess } from '../../shared/end-with-this-process.ts'
import { openOutputTail } from '../../shared/output-tail.ts'
import { type CommandLine, endWithParent } from './end-with-parent.ts'
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

/** The program that starts ffmpeg would report this in words of its own. */
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

/**
 * Runs ffmpeg through fluent-ffmpeg; this is the only file that knows that library. Ends when the process has
 * ended and let go of its files, and never before: by itself, or because `input` threw or `signal` aborted
 * (rejects with that very error or reason, whichever came first), or because it hung (rejects with
 * `FfmpegFailedError`).
 */
export const runFfmpeg = async (run: FfmpegRun): Promise<void> => {
  run.signal.throwIfAborted()
  await assertRuns(run.ffmpegPath)
  const commandLine = await endWithParent(run.ffmpegPath)
  run.signal.throwIfAborted()
  const stderr = openOutputTail()
  const stop = Promise.withResolvers<never>()
  stop.promise.catch(() => {})
  const { stallMs = STALL_MS } = run
  let isOver = false
  let stallTimer: NodeJS.Timeout | undefined
  const stall: Wait = {
    begin() {
      // An item that was computed meanwhile comes to nothing.
      if (isOver) return
      stallTimer = setTimeout(() => {
        const message = `ffmpeg hung: it read nothing of its input, or did not end after it, for ${stallMs / 1000} s`
        end(new FfmpegFailedError(message, stderr.text()))
      }, stallMs)
    },
    end: () => clearTimeout(stallTimer),
  }
  const source = Readable.from(timed(stoppable(run.input, stop.promise), stall), { objectMode: false })
  let child: ChildProcessWithoutNullStreams | undefined
  let stopped: { readonly reason: unknown } | undefined
  source.once('error', (reason) => {
    stopped ??= { reason }
  })
  const end = (reason: unknown): void => {
    stopped ??= { reason }
    const error = new Error('stopped')
    stop.reject(error)
    source.destroy(error)
    // With all of its input read, only a signal ends it.
    if (source.readableEnded && child !== undefined) void endProcess(child, run.killGraceMs ?? KILL_GRACE_MS)
  }
  const abort = (): void => end(run.signal.reason)
  run.signal.addEventListener('abort', abort, { once: true })

  const command = ffmpeg(source)
    .inputOptions(...run.inputOptions)
    .outputOptions(...run.outputOptions)
    .output(run.output)
  tameFluentFfmpeg(command, commandLine, (started) => {
    child = started
    endWithThisProcess(started)
    started.stderr.on('data', (chunk: string) => stderr.push(chunk))
    // Stopped while the library was still preparing: nobody would ever close this process's input.
    if (source.destroyed) started.kill()
  })

  try {
    await new Promise<void>((resolve, reject) => {
      command.once('end', () => resolve()).once('error', reject)
      command.run()
    })
    if (!source.readableEnded) throw new Error('ffmpeg ended before it had read every frame')
  } catch (cause) {
    if (child !== undefined) await endProcess(child, run.killGraceMs ?? KILL_GRACE_MS)
    if (stopped !== undefined) throw stopped.reason
    throw new FfmpegFailedError(cause instanceof Error ? cause.message : String(cause), stderr.text(), {
      cause,
    })
  } finally {
    isOver = true
    stall.end()
    run.signal.removeEventListener('abort', abort)
    source.destroy()
  }
}

/**
 * SIGTERM alone is not enough: ffmpeg notices it between two reads, and it may be waiting for a frame that
 * never comes, so its input is closed too.
 */
const endProcess = async (child: ChildProcessWithoutNullStreams, graceMs: number): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exited = once(child, 'exit')
  child.stdin.destroy()
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await exited.finally(() => clearTimeout(timer))
}

type SpawnFfmpeg = (
  args: string[],
  options: object,
  onStart: (child: ChildProcessWithoutNullStreams, ...lines: unknown[]) => void,
  onEnd: (error: unknown, stdout: FluentLines, stderr: FluentLines) => void,
) => void
interface FluentLines {
  get(): string
}

/**
 * Replaces what fluent-ffmpeg 2.1.3, which no longer changes, would do on its own:
 * - it asks ffmpeg for its formats and encoders before each first run and parses the tables by patterns that
 *   newer builds do not fit; ffmpeg itself says better what it cannot do;
 * - it keeps the binary's path and those tables in module variables, so that two paths in one process mix;
 * - it gives ffmpeg the whole environment of this process;
 * - it throws from an event handler, out of reach of any `catch`, when the process cannot be started.
 */
const tameFluentFfmpeg = (
  command: ffmpeg.FfmpegCommand,
  { program, args: firstArgs }: CommandLine,
  onStart: (child: ChildProcessWithoutNullStreams) => void,
): void => {
  const insides = command as unknown as { _spawnFfmpeg: SpawnFfmpeg }
  const spawnFfmpeg = insides._spawnFfmpeg.bind(command)
  const noLines: FluentLines = { get: () => '' }
  const guarded: SpawnFfmpeg = (args, options, started, ended) => {
    try {
      spawnFfmpeg(
        [...firstArgs, ...args],
        { ...options, env: childEnvironment(process.env) },
        (child, ...lines) => {
          onStart(child)
          started(child, ...lines)
        },
        (error, stdout = noLines, stderr = noLines) => ended(error, stdout, stderr),
      )
    } catch (error) {
      ended(error instanceof Error ? error : new Error(String(error)), noLines, noLines)
    }
  }
  Object.assign(command, {
    _checkCapabilities: (done: () => void) => done(),
    availableEncoders: (done: (error: null, encoders: object) => void) => done(null, {}),
    _getFfmpegPath: (done: (error: null, path: string) => void) => done(null, program),
    _spawnFfmpeg: guarded,
  })
}
