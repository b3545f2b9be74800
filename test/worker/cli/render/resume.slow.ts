import { cp, mkdir, readdir, readFile, watch } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa, type Options } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { DEMO_CHECKPOINT } from '../a-command-line.ts'

const inRepository = (file: string): string => fileURLToPath(new URL(`../../../../${file}`, import.meta.url))
const SVD = inRepository('worker/cli/svd.ts')
const SAMPLES = ['astronaut.png', 'chelsea.png', 'coffee.png']

const OPTIONS: Options = { reject: false }

const svd = (args: readonly string[]) => execa(process.execPath, [SVD, ...args], OPTIONS)

const folderOfImages = async (): Promise<string> => {
  const folder = await temporaryDir()
  for (const name of SAMPLES) await cp(inRepository(`worker/demo-samples/${name}`), path.join(folder, name))
  return folder
}

/** Resolves when a file of that name is in the folder. */
const appears = async (folder: string, name: string, signal: AbortSignal): Promise<void> => {
  const changes = watch(folder, { signal })
  if ((await readdir(folder)).includes(name)) return
  for await (const { filename } of changes) if (filename === name) return
}

const filesIn = async (folder: string): Promise<Readonly<Record<string, Buffer>>> => {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort()
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name))] as const)),
  )
}

describe.each(['SIGINT', 'SIGKILL'] as const)('svd render after %s', (kind) => {
  test('writes with --skip-existing the same files as a run without an interruption', async () => {
    const images = await folderOfImages()
    const [whole, parted] = [path.join(images, 'whole'), path.join(images, 'parted')]
    await mkdir(parted)
    const render = (output: string, ...more: readonly string[]) =>
      svd([
        ...['render', images, '--checkpoint', DEMO_CHECKPOINT, '--output-dir', output, '--seed', '7'],
        ...['--num-frames', '3', '--num-inference-steps', '3', '--size', '192x128', ...more],
      ])
    expect(await render(whole)).toMatchObject({ exitCode: 0 })

    const first = render(parted)
    onTestFinished(() => void first.kill('SIGKILL'))
    const ended = new AbortController()
    void first.finally(() => ended.abort())
    await appears(parted, 'astronaut.mp4', ended.signal)
    first.kill(kind)
    const stopped = await first
    expect(Object.keys(await filesIn(parted))).toContain('astronaut.mp4')
    expect(Object.keys(await filesIn(parted))).not.toContain('coffee.mp4')
    if (kind === 'SIGINT') {
      expect(stopped.exitCode).toBe(130)
      expect(stopped.stderr).toContain('Give the same command with --skip-existing to render the others.')
    }

    const resumed = await render(parted, '--skip-existing')
    expect(resumed.exitCode).toBe(0)
    expect(resumed.stdout).toMatch(/^3 clips: [12] rendered, [12] skipped$/m)
    expect(await filesIn(parted)).toEqual(await filesIn(whole))

    const shown = await svd(['show', path.join(parted, 'coffee.mp4')])
    expect(shown.stdout).toMatch(/^seed +7$/m)
  })
})
