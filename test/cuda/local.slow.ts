import { on } from 'node:events'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryDir } from '../fixtures/temporary-dir.ts'
import { SMALL_CLIP, standInMachine, writeBlackImage } from './commands-on-stand-in.ts'
import { openStandIn } from './stand-in-card.ts'

const { obstacle, title } = await openStandIn()
const SVD = fileURLToPath(new URL('../../worker/cli/svd.ts', import.meta.url))

const startLocal = (folder: string, env: Readonly<Record<string, string>>) => {
  const local = execa(process.execPath, [SVD, 'local', '--port', '0', '--output-dir', folder], {
    env: { SVD_CACHE_DIR: path.join(folder, 'cache'), ...env },
    reject: false,
  })
  onTestFinished(() => void local.kill('SIGKILL'))
  return local
}

/** Reads the variables that a client needs, which the command prints once it takes jobs. */
const readEnvironment = async (stdout: NodeJS.ReadableStream): Promise<Record<string, string>> => {
  let printed = ''
  for await (const chunk of on(stdout, 'data')) {
    printed += chunk
    if (printed.includes('Ctrl-C ends it.')) break
  }
  return Object.fromEntries(
    [...printed.matchAll(/^ {2}export (\w+)=(.+)$/gm)].map(([, name, value]) => [name, value]),
  )
}

describe.skipIf(obstacle !== null)(`svd local on CUDA${title}`, () => {
  test('renders on the GPU that SVD_DEVICE requests', async () => {
    const folder = await temporaryDir()
    const image = path.join(folder, 'black.png')
    await writeBlackImage(image)
    const local = startLocal(folder, { ...(await standInMachine()), SVD_DEVICE: 'cuda' })
    const environment = await readEnvironment(local.stdout)

    const submit = await execa(process.execPath, [SVD, 'submit', image, ...SMALL_CLIP, '--wait', '--json'], {
      env: environment,
      reject: false,
    })
    local.kill('SIGINT')
    const { exitCode } = await local

    expect([submit.exitCode, exitCode]).toEqual([0, 0])
    const worker = { execution_provider: 'cuda', device: 'NVIDIA A10G', precision: 'fp16' }
    expect(JSON.parse(submit.stdout)).toMatchObject({
      jobs: [{ job: { state: 'succeeded', result: { worker } } }],
    })
    expect(await readdir(folder)).toContainEqual(expect.stringMatching(/^black-[0-9a-f]{8}\.mp4$/))
  })

  test('exits if the provider is missing, and does not render on the CPU', async () => {
    const environment = { ...(await standInMachine()), SVD_DEVICE: 'cuda', NODE_OPTIONS: '' }
    const { exitCode, stderr } = await startLocal(await temporaryDir(), environment)
    expect(exitCode).toBe(1)
    expect(stderr).toContain('SVD_DEVICE: got cuda, but CUDA cannot be loaded:\n')
  })
})
