import { type ChildProcess, type ForkOptions, fork } from 'node:child_process'
import { childEnvironment } from '../../shared/child-environment.ts'
import { endWithThisProcess } from '../../shared/end-with-this-process.ts'
import { openOutputTail } from '../../shared/output-tail.ts'
import { type ToChild, type ToParent, toParentSchema } from './protocol.ts'
import type { ProcessEnd } from './renderer-crashed.ts'

/** Recording a graph leaves young garbage alone; at Node's default, room for it takes 50 MB more for ever. */
export const NODE_OPTIONS_OF_RENDERER: readonly string[] = ['--max-semi-space-size=2']

/** The kernel first frees the memory of a killed process, which may be tens of gigabytes. */
const UNKILLABLE_MS = 30_000

export type SpawnRenderer = (entry: string, options: ForkOptions) => ChildProcess

export interface RendererProcessOptions {
  /** The program to run, which calls `serveRenderer`; a full path. */
  readonly entry: string
  /** All that the process sees as its environment; default: what `childEnvironment` passes of this one's. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Options of Node itself for the process; default `NODE_OPTIONS_OF_RENDERER`, also when this one has some. */
  readonly execArgv?: readonly string[]
  /** Gets everything that the process prints, on either stream. */
  readonly onOutput?: (chunk: Uint8Array) => void
  /** Time from SIGKILL until a process that is still there is left to itself; default 30,000. */
  readonly unkillableMs?: number
  /** Starts the process; default `fork` of node:child_process, with the Node that runs this one. */
  readonly spawn?: SpawnRenderer
}

export interface RendererProcess {
  /**
   * Resolves, and never rejects, when the process is gone and all that it sent has been received; or when it is still
   * there some time after SIGKILL, which a lost card's driver can make it. This process can then end without it.
   */
  readonly ended: Promise<ProcessEnd>
  send(message: ToChild): void
  /** SIGKILL: native code that blocks the process cannot answer anything else. */
  kill(): void
}

/** Starts the process; `onMessage` gets each message, checked, or the fault of one that breaks the protocol. */
export const startRendererProcess = (
  options: RendererProcessOptions,
  onMessage: (message: ToParent | { type: 'malformed'; fault: Error }) => void,
): RendererProcess => {
  const tail = openOutputTail()
  const child = (options.spawn ?? fork)(options.entry, {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [...(options.execArgv ?? NODE_OPTIONS_OF_RENDERER)],
    env: { ...(options.env ?? childEnvironment(process.env)) },
  })
  endWithThisProcess(child)
  // Both streams: what native libraries print must not mix with this program's own output.
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Uint8Array) => {
      tail.push(chunk)
      options.onOutput?.(chunk)
    })
  }
  child.on('message', (raw) => {
    const message = toParentSchema.safeParse(raw)
    onMessage(message.success ? message.data : { type: 'malformed', fault: message.error })
  })

  let leaving: NodeJS.Timeout | undefined
  const { promise: ended, resolve } = Promise.withResolvers<ProcessEnd>()
  child.once('close', (exitCode, signal) => {
    clearTimeout(leaving)
    resolve({ exitCode, signal, lastStderr: tail.text() })
  })
  child.on('error', (cause) => {
    if (child.pid === undefined) resolve({ exitCode: null, signal: null, lastStderr: '', cause })
  })
  const leave = (): void => {
    if (child.connected) child.disconnect()
    child.stdout?.destroy()
    child.stderr?.destroy()
    child.unref()
    resolve({ exitCode: null, signal: null, lastStderr: tail.text(), unkillable: true })
  }
  return {
    ended,
    // A message that cannot be sent needs no answer of its own: the process is gone, and `ended` says so.
    send: (message) => child.connected && child.send(message, () => {}),
    kill() {
      child.kill('SIGKILL')
      leaving ??= setTimeout(leave, options.unkillableMs ?? UNKILLABLE_MS)
    },
  }
}
