import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const OPEN_FILE = fileURLToPath(new URL('../../../worker/cli/open-file.ts', import.meta.url))

/** Runs `openFile` in a process of its own, because it reads the desktop from that process's environment. */
const openIn = (environment: Readonly<Record<string, string>>, file: string) =>
  execa(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      'const [module, file] = process.argv.slice(1); await (await import(module)).openFile(file)',
      ...[OPEN_FILE, file],
    ],
    { env: environment, extendEnv: false, reject: false },
  )

test.runIf(process.platform === 'linux')(
  'openFile starts the program of the desktop with the file',
  async () => {
    const folder = await temporaryDir()
    const [bin, pipe, page] = ['bin', 'opened', 'a page.html'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ]
    await mkdir(bin)
    await writeFile(page, '<!doctype html>')
    // GNOME's own: `gio open FILE`. The pipe ends the test when the program has been started, and not before.
    await execa('mkfifo', [pipe])
    await writeFile(path.join(bin, 'gio'), `#!/bin/sh\n[ "$1" = help ] || echo "$@" > '${pipe}'\n`)
    await chmod(path.join(bin, 'gio'), 0o755)
    const reading = execa('cat', [pipe], { reject: false })
    onTestFinished(() => void reading.kill())

    const PATH = `${bin}:${process.env['PATH']}`
    const { exitCode, stderr } = await openIn({ PATH, DISPLAY: ':0', XDG_CURRENT_DESKTOP: 'GNOME' }, page)

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect((await reading).stdout).toBe(`open ${page}`)
  },
)
