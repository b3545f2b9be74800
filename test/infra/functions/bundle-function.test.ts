import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { bundleFunction } from '../../../infra/functions/bundle-function.ts'
import { INGEST_BUNDLE } from '../../../infra/functions/bundles.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const NPM_MS = 120_000

test(
  'bundleFunction installs packages with native code once and copies them into later bundles',
  async () => {
    const cache = await temporaryDir()
    const bundle = async (): Promise<string> => {
      const output = await temporaryDir()
      bundleFunction(INGEST_BUNDLE, output, cache)
      return output
    }

    const first = await bundle()
    const [installed = '', ...others] = await readdir(cache)
    // npm would not install this file.
    await writeFile(path.join(cache, installed, 'node_modules/copied'), 'yes')
    const second = await bundle()

    expect([installed, others]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), []])
    const files = ['index.js', 'index.js.map', 'node_modules', 'package.json']
    for (const output of [first, second]) expect((await readdir(output)).toSorted()).toEqual(files)
    expect(await readdir(path.join(first, 'node_modules'))).not.toContain('copied')
    expect(await readFile(path.join(second, 'node_modules/copied'), 'utf8')).toBe('yes')
    expect(await readdir(path.join(second, 'node_modules/@img'))).toContain('sharp-linux-x64')
  },
  NPM_MS,
)
