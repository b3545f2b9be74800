import { type ChildProcess, spawn } from 'node:child_process'
import type { Clock } from '../../shared/clock.ts'
import type { PipelineEvent } from '../../shared/contracts/pipeline-event.ts'
import { endWithThisProcess } from '../../shared/end-with-this-process.ts'

export interface EventCommandOptions {
  /** A line of the shell. It gets the event as one line of JSON on stdin. */
  readonly command: string
  /** Returns the environment of the command, when it is started. */
  readonly environment: () => Readonly<Record<string, string | undefined>>
  readonly clock: Pick<Clock, 'sleep'>
  /** Called with what the command prints. */
  readonly onOutput: (text: string) => void
  /** Called each time that the command fails. */
  readonly onFailure: (message: string) => void
  /** Called when the command is not run again for an event, because it succeeded or failed for the last time. */
  readonly onEnd?: (event: PipelineEvent) => void
  /** Default 60,000. */
  readonly limitMs?: number
}

/** Runs a command for each event, a few at once, beside the rendering. */
export interface EventCommands extends AsyncDisposable {
  /** Returns at once. The event waits for its turn. */
  add(event: PipelineEvent): void
  /** Resolves when the command has run for all events. */
  settled(): Promise<void>
}

const AT_ONCE = 4
const LIMIT_MS = 60_000
/** Between the attempts at one event; so there are three. */
const PAUSES_MS = [1_000, 5_000] as const

/** The shell and what it started, where the platform has groups of processes. */
const kill = (child: ChildProcess): void => {
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
  child.kill('SIGKILL')
}

/** Runs the command once. Resolves with the way in which it failed, or with `null` if it succeeded. */
const runOnce = (
  event: PipelineEvent,
  { command, environment, onOutput, limitMs = LIMIT_MS }: EventCommandOptions,
  signal: AbortSignal,
): Promise<string | null> => {
  const { promise, resolve } = Promise.withResolvers<string | null>()
  const child = spawn(command, {
    shell: true,
    env: { ...environment() },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  })
  endWithThisProcess(child)
  let fault: string | null = null
  const timer = setTimeout(() => {
    fault = `took longer than ${limitMs / 1000} s and was killed`
    kill(child)
  }, limitMs)
  const onAbort = (): void => kill(child)
  signal.addEventListener('abort', onAbort, { once: true })
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onOutput)
  // A command that reads no stdin closes it.
  child.stdin.on('error', () => {}).end(`${JSON.stringify(event)}\n`)
  const end = (how: string | null): void => {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    resolve(fault ?? how)
  }
  child.once('error', (error) => end(error.message))
  child.once('close', (code, killedBy) =>
    end(code === 0 ? null : killedBy === null ? `exited with code ${code}` : `was killed by ${killedBy}`),
  )
  return promise
}

export const openEventCommands = (options: EventCommandOptions): EventCommands => {
  const { command, clock, onFailure, onEnd = () => {} } = options
  const closing = new AbortController()
  const { signal } = closing
  const queue: PipelineEvent[] = []
  const lanes = new Set<Promise<void>>()

  const run = async (event: PipelineEvent): Promise<void> => {
    for (const [index, pauseMs] of [...PAUSES_MS, null].entries()) {
      const fault = await runOnce(event, options, signal)
      if (signal.aborted) return
      if (fault === null) break
      const next = pauseMs === null ? 'it is not run again for this event' : 'it is run again'
      onFailure(
        `--on-event: '${command}' ${fault} at attempt ${index + 1} for the event ${event.event_id}; ${next}`,
      )
      if (pauseMs !== null) await clock.sleep(pauseMs, signal).catch(() => {})
      if (signal.aborted) return
    }
    onEnd(event)
  }

  const runAll = async (): Promise<void> => {
    for (let event = queue.shift(); event !== undefined && !signal.aborted; event = queue.shift())
      await run(event)
  }

  return {
    add(event) {
      queue.push(event)
      if (lanes.size >= AT_ONCE) return
      const lane = runAll().finally(() => lanes.delete(lane))
      lanes.add(lane)
    },
    async settled() {
      while (lanes.size > 0) await Promise.all(lanes)
    },
    async [Symbol.asyncDispose]() {
      closing.abort('the end')
      await Promise.allSettled(lanes)
    },
  }
}
