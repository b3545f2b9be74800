import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { z } from 'zod'
import { type DeviceChoice, deviceEnvironment } from '../../worker/engine/device.ts'
import { rendererEnvironment } from '../../worker/renderer/renderer-environment.ts'
import { NODE_OPTIONS_OF_RENDERER } from '../../worker/renderer/renderer-process.ts'
import type { Machine } from './machine.ts'

const STDERR_LINES = 6

export interface TaskOrder<Row> {
  /** File in `tasks/`. */
  readonly task: string
  readonly request: unknown
  readonly choice: DeviceChoice
  readonly rows: z.ZodType<Row>
  readonly env?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export interface TaskEnd<Row> {
  /** Those that arrived, also if the process failed later. */
  readonly rows: readonly Row[]
  /** Why the process did not reach its end; `null`: it did. */
  readonly fault: string | null
}

/** Environment and Node options of a renderer's process on this machine, which every task gets. */
export const processOf = (
  { environment, standInEnv, execArgv }: Machine,
  choice: DeviceChoice,
): { readonly env: Readonly<Record<string, string | undefined>>; readonly execArgv: readonly string[] } => ({
  env: { ...rendererEnvironment(environment, deviceEnvironment(choice)), ...standInEnv },
  execArgv: [...NODE_OPTIONS_OF_RENDERER, ...execArgv],
})

/** Runs a task in a process of its own, with what a renderer's process gets. */
export const runTask = async <Row>(machine: Machine, order: TaskOrder<Row>): Promise<TaskEnd<Row>> => {
  const { env, execArgv } = processOf(machine, order.choice)
  const program = fileURLToPath(new URL(`tasks/${order.task}`, import.meta.url))
  const ended = await execa(process.execPath, [...execArgv, program, JSON.stringify(order.request)], {
    env: { ...env, ...order.env },
    extendEnv: false,
    ipc: true,
    stdin: 'ignore',
    reject: false,
    cancelSignal: order.signal,
    killSignal: 'SIGKILL',
  })
  const rows = (ended.ipcOutput as readonly unknown[]).map((row) => order.rows.parse(row))
  if (!ended.failed) return { rows, fault: null }
  const what = ended.shortMessage?.split('\n')[0]?.replace(JSON.stringify(order.request), '…') ?? 'failed'
  const said = ended.stderr.trimEnd().split('\n').slice(0, STDERR_LINES).join('\n')
  return { rows, fault: `${order.task}: ${what}\n${said}` }
}
