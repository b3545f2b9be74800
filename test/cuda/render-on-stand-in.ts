import { fork } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { runProgram } from '../../worker/cli/program.ts'
import { deviceEnvironment } from '../../worker/engine/device.ts'
import { openRenderer } from '../../worker/renderer/child-process-renderer.ts'
import { openImageProcess } from '../../worker/renderer/image-process.ts'
import { prepareImage } from '../../worker/renderer/prepare-image.ts'
import { renderJobSchema, renderResultSchema } from '../../worker/renderer/render-job.ts'
import { rendererEnvironment } from '../../worker/renderer/renderer-environment.ts'
import { NODE_OPTIONS_OF_RENDERER } from '../../worker/renderer/renderer-process.ts'
import { finishClip } from '../../worker/video/finish-clip.ts'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { NO_DESKTOP } from '../worker/cli/a-command-line.ts'
import { aCard } from '../worker/cuda/a-card.ts'
import { type Card, standInProcess } from './stand-in-card.ts'

const inRepository = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))

export interface StandInRender {
  /** Default a10g. */
  readonly card?: Card
  /** Environment of the renderer's processes, such as SVD_STAND_IN_FAIL. */
  readonly env?: Readonly<Record<string, string>>
  /** Default one. */
  readonly images?: number
}

/**
 * `svd render` as it is, on a card that is not there: kernels do nothing, so that a clip has no image. `variables` are
 * names of what the renderer's processes had in their environment, without those of the stand-in.
 */
export const renderOnStandIn = async (
  options: readonly string[],
  { card = 'a10g', env = {}, images = 1 }: StandInRender = {},
) => {
  const folder = await temporaryDir()
  const standIn = await standInProcess(card)
  const variables = new Set<string>()
  let stdout = ''
  let stderr = ''
  const terminal = Object.assign(new PassThrough(), { isTTY: false, columns: 100 })
  terminal.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const sample = inRepository('worker/demo-samples/coffee.png')
  const inputs = Array.from({ length: images }, (_, i) => path.join(folder, `image-${i}.png`))
  for (const input of inputs) await copyFile(sample, input)
  const files =
    images === 1 ? ['--output', path.join(folder, 'clip.mp4')] : ['--output-dir', path.join(folder, 'clips')]
  const exitCode = await runProgram(
    [
      ...['render', ...inputs, '--checkpoint', inRepository('worker/demo')],
      ...[
        '--json',
        '--quiet',
        '--width',
        '64',
        '--height',
        '64',
        '--num-frames',
        '3',
        '--num-inference-steps',
        '2',
      ],
      ...files,
      ...options,
    ],
    {
      environment: { PATH: process.env['PATH'], SVD_CACHE_DIR: path.join(folder, 'cache') },
      stdout: {
        write(text) {
          stdout += text
        },
      },
      stderr: terminal,
      signal: new AbortController().signal,
      prepareImage,
      openImageProcess,
      finishClip,
      desktop: NO_DESKTOP,
      deviceProbes: { readCards: async () => [aCard()], readCudaFaults: async () => [] },
      openRenderer: (device, limits) =>
        openRenderer({
          ...limits,
          entry: inRepository('worker/renderer/main.ts'),
          schemas: { job: renderJobSchema, result: renderResultSchema },
          // What is the stand-in's own is added: no renderer of the product gets it from its surroundings.
          env: { ...rendererEnvironment(process.env, deviceEnvironment(device)), ...standIn.env, ...env },
          execArgv: [...NODE_OPTIONS_OF_RENDERER, ...standIn.execArgv],
          spawn(entry, options) {
            for (const name of Object.keys(options.env ?? {})) if (!(name in standIn.env)) variables.add(name)
            return fork(entry, options)
          },
        }),
      openServices: () => Promise.reject(new Error('rendering has no business with S3 and SQS')),
    },
  )
  return { exitCode, stderr, report: stdout === '' ? null : JSON.parse(stdout), variables: [...variables] }
}
