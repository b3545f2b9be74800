import { mkdir, readdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { DEMO_CHECKPOINT } from './a-command-line.ts'

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url))
const SVD = join(PROJECT, 'worker/cli/svd.ts')
const PHOTO = join(PROJECT, 'worker/demo-samples/rocket.png')

/** A user's folder, with a checkpoint and a photo in it; `bin` has the command. */
const aUsersFolder = async (): Promise<string> => {
  const folder = await realpath(await temporaryDir())
  await mkdir(join(folder, 'bin'))
  await mkdir(join(folder, 'full'))
  await writeFile(join(folder, 'full/0099.png'), '')
  await symlink(SVD, join(folder, 'bin/svd'))
  await symlink(DEMO_CHECKPOINT, join(folder, 'demo'))
  await symlink(PHOTO, join(folder, 'photo.png'))
  return folder
}

type RunSvd = (
  folder: string,
  args: readonly string[],
) => Promise<{ readonly exitCode?: number | undefined; readonly stdout: string; readonly stderr: string }>

const byNpm: RunSvd = (cwd, args) =>
  execa('npm', ['--prefix', PROJECT, 'run', '--silent', 'svd', '--', ...args], { cwd, reject: false })

const byName: RunSvd = (cwd, args) => {
  const path = [join(cwd, 'bin'), dirname(process.execPath), process.env['PATH'] ?? '']
  return execa('svd', args, { cwd, reject: false, env: { PATH: path.join(delimiter) } })
}

describe.each([
  ['npm run svd', byNpm],
  ['svd in the PATH', byName],
])('%s', (_, runSvd) => {
  test("resolves --checkpoint and --output in the user's folder", async () => {
    const folder = await aUsersFolder()
    const { exitCode, stdout, stderr } = await runSvd(folder, ['compile', '-c', 'demo', '-o', 'onnx/demo'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toContain('onnx/demo/denoise_step.onnx  ')
    expect(await readdir(join(folder, 'onnx/demo'))).toContain('denoise_step.onnx')
  })

  test("resolves images and --frames-dir in the user's folder", async () => {
    const folder = await aUsersFolder()
    const args = ['render', 'photo.png', '-c', 'demo', '-o', 'clip.mp4', '--frames-dir', 'full']
    const { exitCode, stderr } = await runSvd(folder, [...args, '--device', 'cpu'])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr:
        `error: --frames-dir: ${folder}/full holds 0099.png of another clip, and this one has 14 frames; ` +
        'empty it or choose another',
    })
  })
})

describe('--checkpoint svd-xt', () => {
  const INSPECT = ['inspect', '-c', 'svd-xt', '--target', 'cpu', '--num-frames', '1', '--json'] as const

  test('takes the built-in configs, and prints this on stderr', async () => {
    const folder = await aUsersFolder()
    const { exitCode, stdout, stderr } = await byName(folder, INSPECT)
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: 'svd-xt: takes the built-in configs, because there is no such folder here',
    })
    const { weights, components } = JSON.parse(stdout)
    expect(weights).toBe('absent')
    expect(components.unet.parameters).toBe(1_524_623_082)
  })

  test('plans a batch', async () => {
    const folder = await aUsersFolder()
    const args = ['plan', '-c', 'svd-xt', '--clips', '10', '--instance-type', 'g6e.xlarge']
    const { exitCode, stdout, stderr } = await byName(folder, args)
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: 'svd-xt: takes the built-in configs, because there is no such folder here',
    })
    expect(stdout).toContain('10 clips: 1024x576, 25 frames')
  })

  test('takes a folder of that name when one exists', async () => {
    const folder = await aUsersFolder()
    await symlink(DEMO_CHECKPOINT, join(folder, 'svd-xt'))
    const { exitCode, stdout, stderr } = await byName(folder, INSPECT)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(JSON.parse(stdout).weights).toBe('present')
  })

  test('is refused when a folder of that name is not a checkpoint', async () => {
    const folder = await aUsersFolder()
    await mkdir(join(folder, 'svd-xt'))
    const { exitCode, stderr } = await byName(folder, INSPECT)
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^error: svd-xt: has no model_index\.json; give a diffusers folder/)
  })

  test.each([
    [['render', 'photo.png', '-c', 'svd-xt', '-o', 'clip.mp4', '--device', 'cpu']],
    [['compile', '-c', 'svd-xt', '-o', 'onnx']],
    [['models', 'push', 'svd-xt', '--bucket', 'models']],
  ])('is refused with the download command when weights are needed, as in %j', async (args) => {
    const folder = await aUsersFolder()
    const { exitCode, stdout, stderr } = await byName(folder, args)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain(
      'error: svd-xt: there is no such folder here, and the built-in svd-xt has configs',
    )
    expect(stderr).toContain('hf download stabilityai/stable-video-diffusion-img2vid-xt --local-dir svd-xt ')
  })
})
