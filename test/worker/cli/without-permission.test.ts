import { spawnSync } from 'node:child_process'
import { chmod, chown, copyFile, cp, mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { DEMO_CHECKPOINT } from './a-command-line.ts'

const inRepository = (file: string): string => fileURLToPath(new URL(`../../../${file}`, import.meta.url))

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

/** Runs a command as the user `nobody` if this process is root, because root has every permission. */
const asNobody = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
  isRoot
    ? spawnSync('setpriv', [`--reuid=${NOBODY}`, '--clear-groups', command, ...args], {
        encoding: 'utf8',
        env,
      })
    : spawnSync(command, args, { encoding: 'utf8', env })

// The user `nobody` may lack the right to read the project, and setpriv may be missing.
const possible = asNobody(process.execPath, [inRepository('worker/cli/svd.ts'), '--version']).status === 0

describe.skipIf(!possible)('svd without permission', () => {
  /** Runs `svd` with DIR for a folder with an image, a checkpoint, and `locked` of mode 555. */
  const svd = async (args: readonly string[], modes: Readonly<Record<string, number>> = {}) => {
    const folder = await temporaryDir()
    const at = (name: string): string => path.join(folder, name)
    await copyFile(inRepository('worker/demo-samples/rocket.png'), at('cup.png'))
    if (args.includes('DIR/ck')) await cp(DEMO_CHECKPOINT, at('ck'), { recursive: true })
    for (const name of ['locked', 'open']) await mkdir(at(name))
    if (isRoot) for (const name of ['', 'open']) await chown(at(name), NOBODY, NOBODY)
    const all = Object.entries({ locked: 0o555, ...modes })
    for (const [name, mode] of all) await chmod(at(name), mode)
    const result = asNobody(
      process.execPath,
      [inRepository('worker/cli/svd.ts'), ...args.map((arg) => arg.replace('DIR', folder))],
      { ...process.env, SVD_CACHE_DIR: '' },
    )
    for (const [name] of all) await chmod(at(name), 0o755)
    return {
      exitCode: result.status,
      output: (result.stderr || result.stdout).replaceAll(folder, 'DIR'),
      written: [...(await readdir(at('open'))), ...(await readdir(at('locked')))],
    }
  }

  const refused = 'cannot be used (there is no permission to write there); choose another'
  const demo = ['--checkpoint', DEMO_CHECKPOINT]

  test.each([
    [
      ['render', 'DIR/cup.png', ...demo, '--output', 'DIR/open/o.mp4', '--frames-dir', 'DIR/locked'],
      `error: --frames-dir: the folder DIR/locked ${refused}\n`,
    ],
    [
      ['compile', ...demo, '--output', 'DIR/locked/onnx'],
      `error: --output: the folder DIR/locked/onnx ${refused}\n`,
    ],
  ])('refuses %j, and leaves no files', async (args, message) => {
    expect(await svd(args)).toEqual({ exitCode: 2, output: message, written: [] })
  })

  test('reports in svd doctor an output folder that it cannot write to', async () => {
    const { exitCode, output } = await svd(['doctor', '--output-dir', 'DIR/locked'])
    expect(exitCode).toBe(1)
    expect(output).toContain(`fail  output        --output-dir: the folder DIR/locked ${refused}`)
  })

  test.each<[string, Record<string, number>, string]>([
    ['cannot be listed', { ck: 0o311 }, 'error: DIR/ck: '],
    ['has a component that cannot be entered', { 'ck/unet': 0o000 }, 'error: unet/config.json: '],
  ])('refuses a checkpoint that %s', async (_, modes, start) => {
    const { exitCode, output } = await svd(['inspect', '--checkpoint', 'DIR/ck'], modes)
    expect(exitCode).toBe(2)
    expect(output).toBe(
      `${start}cannot be opened; there is no permission to read it, or a folder above it: change that with chmod\n`,
    )
  })
})
