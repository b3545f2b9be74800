import { type ChildProcess, fork } from 'node:child_process'
import { copyFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { InterruptedError } from '../../../../worker/cli/exit-code.ts'
import { runProgram } from '../../../../worker/cli/program.ts'
import { deviceEnvironment } from '../../../../worker/engine/device.ts'
import { openRenderer } from '../../../../worker/renderer/child-process-renderer.ts'
import { openImageProcess } from '../../../../worker/renderer/image-process.ts'
import { prepareImage } from '../../../../worker/renderer/prepare-image.ts'
import { renderJobSchema, renderResultSchema } from '../../../../worker/renderer/render-job.ts'
import { rendererEnvironment } from '../../../../worker/renderer/renderer-environment.ts'
import { finishClip } from '../../../../worker/video/finish-clip.ts'
import { readMp4 } from '../../../../worker/video/read-mp4.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../../../fixtures/random-checkpoint.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { NO_CARDS, NO_DESKTOP } from '../a-command-line.ts'

const inRepository = (file: string): string => fileURLToPath(new URL(`../../../../${file}`, import.meta.url))

interface Hooks {
  /** Called once, when the terminal shows this text. */
  readonly at?: string
  readonly act?: (renderer: ChildProcess, interrupt: () => void) => void
}

/** `svd render` with a renderer's process, networks and ffmpeg, on a terminal. Images: a, b (both whole) and bad. */
const renderForReal = async (images: readonly string[], { at, act }: Hooks = {}) => {
  const folder = await temporaryDir()
  const checkpoint = path.join(folder, 'checkpoint')
  await writeRandomCheckpoint(checkpoint, await readCheckpointSpec('tiny'))
  await copyFile(inRepository('test/goldens/images/turned.jpg'), path.join(folder, 'a.jpg'))
  await copyFile(inRepository('test/goldens/images/wide.png'), path.join(folder, 'b.jpg'))
  await writeFile(path.join(folder, 'bad.jpg'), 'no image')
  const controller = new AbortController()
  const processes: ChildProcess[] = []
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 200 })
  let shown = ''
  let acted = false
  stderr.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    if (at === undefined || acted || !shown.includes(at)) return
    acted = true
    act?.(processes[0]!, () => controller.abort(new InterruptedError('SIGINT')))
  })
  let stdout = ''
  const size = ['--width', '64', '--height', '32', '--num-frames', '3', '--num-inference-steps', '2']
  const files = ['--output-dir', path.join(folder, 'out'), '--frames-dir', path.join(folder, 'frames')]
  const exitCode = await runProgram(
    [
      'render',
      ...images.map((image) => path.join(folder, image)),
      ...['--checkpoint', checkpoint, '--json', ...size, ...files],
    ],
    {
      environment: { PATH: process.env['PATH'], SVD_CACHE_DIR: '' },
      stdout: {
        write(text) {
          stdout += text
        },
      },
      stderr,
      signal: controller.signal,
      prepareImage,
      openImageProcess,
      finishClip,
      desktop: NO_DESKTOP,
      deviceProbes: NO_CARDS,
      openRenderer: (device) =>
        openRenderer({
          entry: inRepository('worker/renderer/main.ts'),
          schemas: { job: renderJobSchema, result: renderResultSchema },
          env: rendererEnvironment(process.env, deviceEnvironment(device)),
          spawn(entry, options) {
            const child = fork(entry, options)
            processes.push(child)
            return child
          },
        }),
      openServices: () => Promise.reject(new Error('rendering has no business with S3 and SQS')),
    },
  )
  /** Files under a folder; `null` if there is no such folder. */
  const under = async (name: string) =>
    (await readdir(path.join(folder, name), { recursive: true }).catch(() => null))?.sort() ?? null
  return { exitCode, stdout, acted, folder, written: await under('out'), frames: await under('frames') }
}

test('svd render makes videos of two images, and reports a file that is not an image', async () => {
  const { exitCode, stdout, folder, written, frames } = await renderForReal(['a.jpg', 'bad.jpg', 'b.jpg'])
  expect(exitCode).toBe(2)
  expect(written).toEqual(['a.json', 'a.mp4', 'a.poster.png', 'b.json', 'b.mp4', 'b.poster.png'])
  const { results } = JSON.parse(stdout)
  expect(results).toMatchObject([
    { status: 'succeeded', videos: [{ path: path.join(folder, 'out/a.mp4'), frames: 3 }] },
    {
      status: 'failed',
      error: { kind: 'invalid-input', message: expect.stringContaining('bad.jpg: is not an') },
    },
    { status: 'succeeded', videos: [{ path: path.join(folder, 'out/b.mp4'), frames: 3 }] },
  ])
  expect(await readMp4(path.join(folder, 'out/b.mp4'))).toMatchObject({
    frameCount: 3,
    width: 64,
    height: 32,
  })
  const pngs = ['0000.png', '0001.png', '0002.png']
  expect(frames).toEqual(['a', 'b'].flatMap((name) => [name, ...pngs.map((png) => `${name}/${png}`)]))
})

test.each([
  ['denoising', 'denoising'],
  ['decoding', 'decoding'],
  ['writing the video', 'writing the video'],
])('svd render leaves no files at Ctrl-C while it is %s', async (_, at) => {
  const { acted, exitCode, written, frames } = await renderForReal(['a.jpg'], {
    at,
    act: (_, interrupt) => interrupt(),
  })
  expect({ acted, exitCode, written, frames }).toEqual({
    acted: true,
    exitCode: 130,
    written: null,
    frames: null,
  })
})

test('svd render leaves no file of a clip whose renderer is killed, and starts another for the next', async () => {
  const { acted, exitCode, stdout, written } = await renderForReal(['a.jpg', 'b.jpg'], {
    at: 'denoising',
    act: (renderer) => renderer.kill('SIGKILL'),
  })
  expect({ acted, exitCode }).toEqual({ acted: true, exitCode: 1 })
  expect(JSON.parse(stdout).results).toMatchObject([
    { status: 'failed', error: { message: expect.stringContaining('killed by SIGKILL') } },
    { status: 'succeeded' },
  ])
  expect(written).toEqual(['b.json', 'b.mp4', 'b.poster.png'])
})
