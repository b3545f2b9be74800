import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Services } from '../../../worker/aws/services.ts'
import type { CommandContext } from '../../../worker/cli/command-context.ts'
import type { Desktop } from '../../../worker/cli/desktop.ts'
import { runProgram } from '../../../worker/cli/program.ts'
import type { DeviceProbes } from '../../../worker/cuda/choose-device.ts'
import { type FakeStagesOptions, fakeStages, type StagesRecord } from './fake-stages.ts'

export const DEMO_CHECKPOINT = fileURLToPath(new URL('../../../worker/demo', import.meta.url))
export const XT_CONFIGS = fileURLToPath(
  new URL('../../../worker/checkpoint/known-configs/svd-xt', import.meta.url),
)

export interface CommandLineOptions extends FakeStagesOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly terminal?: boolean
  readonly signal?: AbortSignal
  /** Services for the commands of the queue side. */
  readonly services?: Services
  /** Probes of the GPU. Default: there is no GPU. */
  readonly deviceProbes?: DeviceProbes
}

/** A machine without an NVIDIA driver. */
export const NO_CARDS: DeviceProbes = {
  readCards: async () => {
    throw new Error('spawn nvidia-smi ENOENT')
  },
  readCudaFaults: async () => [],
}

/** A machine without a desktop. */
export const NO_DESKTOP: Desktop = {
  platform: 'linux',
  async open(file) {
    throw new Error(`no program opens ${file}`)
  },
}

export interface CommandResult extends StagesRecord {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command line in this process. Its stages write texts instead of videos. */
export const runCommandLine = async (
  args: readonly string[],
  options: CommandLineOptions = {},
): Promise<CommandResult> => {
  const record: StagesRecord = { jobs: [], events: [], renderers: { opened: 0, open: 0 } }
  let stdout = ''
  let stderr = ''
  const stream = Object.assign(new PassThrough(), { isTTY: options.terminal ?? false, columns: 100 })
  stream.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const context: CommandContext = {
    environment: options.environment ?? { PATH: process.env['PATH'] },
    stdout: {
      write(text) {
        stdout += text
      },
    },
    stderr: stream,
    signal: options.signal ?? new AbortController().signal,
    desktop: NO_DESKTOP,
    deviceProbes: options.deviceProbes ?? NO_CARDS,
    ...fakeStages(options, record),
    openServices: async () => {
      if (options.services === undefined) throw new Error('this command has no business with S3 and SQS')
      return options.services
    },
  }
  const exitCode = await runProgram(args, context)
  stream.end()
  await new Promise((resolve) => stream.once('end', resolve))
  return { exitCode, stdout, stderr, ...record }
}
