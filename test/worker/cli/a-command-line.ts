import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { runProgram } from '../../../worker/cli/program.ts'
import type { Surroundings } from '../../../worker/cli/surroundings.ts'
import type { RenderJob } from '../../../worker/renderer/render-job.ts'
import { type FakeRendererOptions, fakeRenderer } from './fake-renderer.ts'

export const DEMO_CHECKPOINT = fileURLToPath(new URL('../../../worker/demo', import.meta.url))
export const XT_CONFIGS = fileURLToPath(new URL('../../fixtures/svd-xt-configs', import.meta.url))

export interface CommandLineOptions extends FakeRendererOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly terminal?: boolean
  readonly signal?: AbortSignal
}

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** What the renderer was asked for. */
  readonly jobs: readonly RenderJob[]
  /** How many renderers were opened, and how many of them are still open. */
  readonly renderers: { readonly opened: number; readonly open: number }
}

/** Runs one command line in this process, with a renderer that writes small files instead of videos. */
export const runCommandLine = async (
  args: readonly string[],
  options: CommandLineOptions = {},
): Promise<CommandResult> => {
  const jobs: RenderJob[] = []
  const renderers = { opened: 0, open: 0 }
  let stdout = ''
  let stderr = ''
  const stream = Object.assign(new PassThrough(), { isTTY: options.terminal ?? false, columns: 100 })
  stream.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const surroundings: Surroundings = {
    environment: options.environment ?? { PATH: process.env['PATH'] },
    stdout: {
      write(text) {
        stdout += text
      },
    },
    stderr: stream,
    signal: options.signal ?? new AbortController().signal,
    openRenderer: () => fakeRenderer(options, jobs, renderers),
  }
  const exitCode = await runProgram(args, surroundings)
  stream.end()
  await new Promise((resolve) => stream.once('end', resolve))
  return { exitCode, stdout, stderr, jobs, renderers }
}
