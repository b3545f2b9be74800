import { cp, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const LAUNCHER = fileURLToPath(new URL('../../../worker/cli/launch.js', import.meta.url))

/** Loaded before the launcher, this makes Node report another version. */
const asNode = (version: string): string =>
  `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`

const launch = (launcher: string, version: string = process.versions.node) =>
  execa(process.execPath, ['--import', asNode(version), launcher, '--version'], { reject: false })

test('the launcher runs the sources of a checkout', async () => {
  expect(await launch(LAUNCHER)).toMatchObject({ exitCode: 0, stdout: '0.1.0', stderr: '' })
})

test('the launcher names Node.js 24.0 when this Node is too old for the sources', async () => {
  expect(await launch(LAUNCHER, '22.20.0')).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr:
      'error: svd needs Node.js 24.0 or newer, and this is 22.20.0; run npx svd, which takes the Node of node_modules',
  })
})

describe('the launcher in the npm package', () => {
  const inPackage = async (): Promise<string> => {
    const launcher = path.join(await temporaryDir(), 'worker/cli/launch.mjs')
    await mkdir(path.dirname(launcher), { recursive: true })
    await cp(LAUNCHER, launcher)
    return launcher
  }

  test.each(['18.20.8', '20.20.2', '22.12.0'])(
    'names Node.js 22.13 when this Node is %s',
    async (version) => {
      expect(await launch(await inPackage(), version)).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: `error: svd needs Node.js 22.13 or newer, and this is ${version}; see https://nodejs.org`,
      })
    },
  )

  test('starts dist/worker/cli/svd.js on Node 22.13', async () => {
    const { exitCode, stderr } = await launch(await inPackage(), '22.13.0')
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('dist/worker/cli/svd.js'),
    })
  })
})
