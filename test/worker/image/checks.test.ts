import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { CUDA_LIBRARIES } from '../../../worker/cuda/cuda-libraries.ts'
import { PROVIDER_RELEASE } from '../../../worker/cuda/provider-release.ts'
import { librariesOf } from '../../../worker/cuda/runtime-package.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { aLibraryFolder, isLinuxX64 } from '../cuda/a-library.ts'
import { inRepository } from './in-repository.ts'

const run = (script: string, args: readonly string[] = [], env: Record<string, string> = {}) => {
  const interpreter = script.endsWith('.ts') ? process.execPath : '/bin/sh'
  const options = { all: true, reject: false, env } as const
  return execa(interpreter, [inRepository(`worker/image/${script}`), ...args], options)
}

const { version } = PROVIDER_RELEASE

/** An application with a runtime of the provider's version, and without a provider. */
const anApp = async (runtime = version): Promise<string> => {
  const app = await temporaryDir()
  const packageDir = path.join(app, 'node_modules/onnxruntime-node')
  await mkdir(librariesOf(packageDir), { recursive: true })
  await writeFile(path.join(packageDir, 'package.json'), JSON.stringify({ version: runtime }))
  await writeFile(path.join(librariesOf(packageDir), 'libonnxruntime.so.1'), `VERS_${runtime}`)
  return app
}

describe.skipIf(!isLinuxX64)('check-cuda.ts', () => {
  const names = CUDA_LIBRARIES.map(({ name }) => name).filter((name) => name !== 'libcuda.so.1')

  test('refuses an application without a provider', async () => {
    const app = await anApp()
    const { exitCode, all } = await run('check-cuda.ts', [app], {
      LD_LIBRARY_PATH: await aLibraryFolder(names),
    })
    const folder = librariesOf(path.join(app, 'node_modules/onnxruntime-node'))
    expect({ exitCode, all }).toEqual({
      exitCode: 1,
      all: `libonnxruntime_providers_shared.so is not in ${folder}`,
    })
  })

  test('refuses a runtime of another version, and names an invalid library', async () => {
    const folder = await aLibraryFolder(names)
    await writeFile(path.join(folder, 'libcudnn.so.9'), 'not a library'.repeat(99))
    const { exitCode, all } = await run('check-cuda.ts', [await anApp('1.0.0')], { LD_LIBRARY_PATH: folder })
    expect(exitCode).toBe(1)
    expect(all).toBe(
      `onnxruntime-node is 1.0.0; the CUDA provider fits ${version} alone\nlibcudnn.so.9: invalid ELF header`,
    )
  })

  test.each([
    ...['libcudart.so.13', 'libcublas.so.13', 'libcublasLt.so.13', 'libcurand.so.10'],
    ...['libcudnn.so.9', 'libcufft.so.12', 'libnvrtc.so.13'],
  ])('opens every library, also one that the provider opens later: %s', async (name) => {
    // The library is damaged rather than missing, because the machine that tests may have one of its own.
    const folder = await aLibraryFolder(names)
    await writeFile(path.join(folder, name), 'not a library'.repeat(99))
    const { exitCode, all } = await run('check-cuda.ts', [await anApp()], { LD_LIBRARY_PATH: folder })
    expect(exitCode).toBe(1)
    expect(all.split('\n')).toContain(`${name}: invalid ELF header`)
  })

  test('refuses a folder without an application', async () => {
    const { exitCode, all } = await run('check-cuda.ts', ['/nowhere'])
    expect([exitCode, all]).toEqual([1, expect.stringContaining('/nowhere/node_modules/onnxruntime-node')])
  })
})

test.skipIf(!isLinuxX64)('fetch-cuda-provider.ts refuses an index that is not a URL', async () => {
  const env = { PIP_INDEX_URL: 'pypi' }
  const { exitCode, all } = await run('fetch-cuda-provider.ts', [await temporaryDir()], env)
  expect([exitCode, all]).toEqual([1, expect.stringMatching(/^PIP_INDEX_URL: got 'pypi'; must be a URL /)])
})

describe('check-absent.sh', () => {
  test.each(['python3', 'npm', 'gcc'])('refuses an image that contains %s', async (name) => {
    const bin = await temporaryDir()
    await writeFile(path.join(bin, name), '#!/bin/sh\n')
    await chmod(path.join(bin, name), 0o755)
    const { exitCode, all } = await run('check-absent.sh', [], { PATH: bin })
    expect(exitCode).toBe(1)
    expect(all).toBe(`${path.join(bin, name)} has no business in the image`)
  })

  test('accepts an image without development tools', async () => {
    expect(await run('check-absent.sh', [], { PATH: await temporaryDir() })).toMatchObject({
      exitCode: 0,
      all: '',
    })
  })
})

test.each(['check-cuda.ts', 'fetch-cuda-provider.ts', 'install-packages.sh'])(
  '%s prints its usage if it gets no arguments',
  async (script) => {
    const { exitCode, all } = await run(script)
    expect(exitCode).toBe(2)
    expect(all).toMatch(new RegExp(`^usage: .*${script} (APP|DIR)$`))
  },
)
