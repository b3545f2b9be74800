import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runProgram } from '../../worker/cli/program.ts'
import { deviceEnvironment } from '../../worker/engine/device.ts'
import { openRenderer } from '../../worker/renderer/child-process-renderer.ts'
import { prepareImage } from '../../worker/renderer/prepare-image.ts'
import { renderJobSchema, renderResultSchema } from '../../worker/renderer/render-job.ts'
import { rendererEnvironment } from '../../worker/renderer/renderer-environment.ts'
import { NODE_OPTIONS_OF_RENDERER } from '../../worker/renderer/renderer-process.ts'
import { finishClip } from '../../worker/video/finish-clip.ts'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { aCard } from '../worker/cuda/a-card.ts'
import { openStandIn, standInProcess } from './stand-in-card.ts'

const { obstacle, title } = await openStandIn()
const inRepository = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))

/** A folder with a program called nvidia-smi, which reports so much free memory. */
const aDriver = async (freeMebibytes: number): Promise<string> => {
  const folder = await temporaryDir()
  await writeFile(path.join(folder, 'nvidia-smi'), `#!/bin/sh\necho ${freeMebibytes}\n`)
  await chmod(path.join(folder, 'nvidia-smi'), 0o755)
  return folder
}

/** `svd render` as it is, on a card that is not there: kernels do nothing, so that a clip has no picture. */
const renderOnStandIn = async (...options: readonly string[]) => {
  const folder = await temporaryDir()
  const standIn = await standInProcess('a10g')
  const PATH = `${await aDriver(22_500)}:${process.env['PATH']}`
  let stdout = ''
  let stderr = ''
  const terminal = Object.assign(new PassThrough(), { isTTY: false, columns: 100 })
  terminal.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const files = ['--output', path.join(folder, 'clip.mp4')]
  const exitCode = await runProgram(
    [
      ...[
        'render',
        inRepository('worker/demo-samples/coffee.png'),
        '--checkpoint',
        inRepository('worker/demo'),
      ],
      ...['--json', '--width', '64', '--height', '64', '--num-frames', '3', '--num-inference-steps', '2'],
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
      finishClip,
      deviceProbes: { readCards: async () => [aCard()], readCudaFaults: async () => [] },
      openRenderer: (device) =>
        openRenderer({
          entry: inRepository('worker/renderer/main.ts'),
          schemas: { job: renderJobSchema, result: renderResultSchema },
          env: rendererEnvironment({ ...process.env, PATH, ...standIn.env }, deviceEnvironment(device)),
          execArgv: [...NODE_OPTIONS_OF_RENDERER, ...standIn.execArgv],
        }),
      openServices: () => Promise.reject(new Error('rendering has no business with S3 and SQS')),
    },
  )
  return { exitCode, stderr, report: stdout === '' ? null : JSON.parse(stdout) }
}

describe.skipIf(obstacle !== null)(`svd render on CUDA${title}`, () => {
  test.each([
    ['fp16', []],
    ['fp32', []],
    ['fp16', ['--memory', 'low-vram', '--decode-chunk-size', '2']],
    ['fp16', ['--decode-chunk-size', '2', '--decode-overlap', '1']],
    ['fp16', ['--max-guidance-scale', '1']],
  ])('goes through every phase: %s %j', async (precision, options) => {
    const { exitCode, stderr, report } = await renderOnStandIn(...['--precision', precision, ...options])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(report).toMatchObject({
      status: 'succeeded',
      steps: 2,
      videos: [{ frames: 3 }],
      device: { execution_provider: 'cuda', name: 'NVIDIA A10G', precision, compute_capability: '8.6' },
    })
  })
})
