import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { inRepository } from './in-repository.ts'

const RUNTIME = 'node_modules/onnxruntime-node'
const LIBRARIES = `${RUNTIME}/bin/napi-v6/linux/x64`

const run = (script: string, args: readonly string[] = [], env: Record<string, string> = {}) =>
  execa('/bin/sh', [inRepository(`worker/image/${script}`), ...args], { all: true, reject: false, env })

/** An application with files of that text under onnxruntime-node. */
const anApp = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const app = await temporaryDir()
  await mkdir(path.join(app, LIBRARIES), { recursive: true })
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(app, RUNTIME, file), text)
  return app
}

const AT = 'bin/napi-v6/linux/x64'
const RIGHT_VERSIONS = {
  'package.json': '{\n  "version": "1.30.0"\n}',
  [`${AT}/libonnxruntime.so.1`]: '\0VERS_1.30.0\0',
  [`${AT}/libonnxruntime_providers_cuda.so`]: '\x001.30.0\0',
  [`${AT}/libonnxruntime_providers_shared.so`]: '',
}

describe('check-provider.sh', () => {
  test.each([
    ['package.json', '{ "version": "1.31.0" }'],
    [`${AT}/libonnxruntime.so.1`, 'VERS_1.29.0'],
    [`${AT}/libonnxruntime_providers_cuda.so`, '1.29.0'],
  ])('refuses a %s of another version', async (file, text) => {
    const { exitCode, all } = await run('check-provider.sh', [
      await anApp({ ...RIGHT_VERSIONS, [file]: text }),
    ])
    expect(exitCode).toBe(1)
    expect(all).toBe(`${path.basename(file)} is not of version 1.30.0`)
  })

  test('refuses libraries of the right version that are not the pinned ones', async () => {
    const { exitCode, all } = await run('check-provider.sh', [await anApp(RIGHT_VERSIONS)])
    expect(exitCode).toBe(1)
    expect(all).toContain('libonnxruntime_providers_cuda.so: FAILED')
    expect(all).toContain('libonnxruntime_providers_shared.so: FAILED')
  })

  test('refuses an application without a provider', async () => {
    const { exitCode } = await run('check-provider.sh', [
      await anApp({ 'package.json': '"version": "1.30.0"' }),
    ])
    expect(exitCode).not.toBe(0)
  })
})

// A library that needs libonnxruntime.so.1 beside it.
const BINDING = inRepository(`${LIBRARIES}/onnxruntime_binding.node`)

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('check-libraries.sh', () => {
  test('names what the loader does not find, also of what is opened later', async () => {
    const app = await anApp({})
    await copyFile(BINDING, path.join(app, LIBRARIES, 'libonnxruntime_providers_cuda.so'))
    // What a machine with a GPU may have installed.
    const { stdout: installed } = await execa('/sbin/ldconfig', ['-p'])
    const later = ['libcudnn.so.9', 'libnvrtc.so.13'].filter((name) => !installed.includes(name))
    const { exitCode, all } = await run('check-libraries.sh', [app], { LD_LIBRARY_PATH: '' })
    expect(exitCode).toBe(1)
    expect(all?.split('\n')).toEqual([
      'the CUDA provider misses:',
      ...[...later, 'libonnxruntime.so.1'].sort(),
    ])
  })

  test('is content where the loader finds all', async () => {
    const app = await anApp({})
    const found = await temporaryDir()
    await copyFile(BINDING, path.join(app, LIBRARIES, 'libonnxruntime_providers_cuda.so'))
    const runtime = inRepository(`${LIBRARIES}/libonnxruntime.so.1`)
    for (const name of ['libonnxruntime.so.1', 'libcudnn.so.9', 'libnvrtc.so.13']) {
      await copyFile(runtime, path.join(found, name))
    }
    const { exitCode, all } = await run('check-libraries.sh', [app], { LD_LIBRARY_PATH: found })
    expect(all).toBe('the CUDA provider finds all its libraries but the driver')
    expect(exitCode).toBe(0)
  })

  test('refuses an application without a provider', async () => {
    const { exitCode, all } = await run('check-libraries.sh', [await anApp({})])
    expect(exitCode).toBe(1)
    expect(all).toMatch(/libonnxruntime_providers_cuda\.so cannot be read$/)
  })
})

describe('check-absent.sh', () => {
  test.each(['python3', 'npm', 'gcc'])('refuses an image with %s', async (name) => {
    const bin = await temporaryDir()
    await writeFile(path.join(bin, name), '#!/bin/sh\n')
    await chmod(path.join(bin, name), 0o755)
    const { exitCode, all } = await run('check-absent.sh', [], { PATH: bin })
    expect(exitCode).toBe(1)
    expect(all).toBe(`${path.join(bin, name)} has no business in the image`)
  })

  test('is content with an image that has none', async () => {
    expect(await run('check-absent.sh', [], { PATH: await temporaryDir() })).toMatchObject({
      exitCode: 0,
      all: '',
    })
  })
})

test.each(['check-provider.sh', 'check-libraries.sh', 'fetch-cuda-provider.sh', 'install-packages.sh'])(
  '%s tells how it is called',
  async (script) => {
    const { exitCode, all } = await run(script)
    expect(exitCode).toBe(2)
    expect(all).toMatch(new RegExp(`^usage: .*${script} (APP|DIR)$`))
  },
)
