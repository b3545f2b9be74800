import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { checkRuntimeFits } from '../../../worker/cuda/installed-provider.ts'
import { PROVIDER_RELEASE } from '../../../worker/cuda/provider-release.ts'
import { findRuntimePackage } from '../../../worker/cuda/runtime-package.ts'
import { inRepository } from '../image/in-repository.ts'

const readJson = async (file: string) => JSON.parse(await readFile(inRepository(file), 'utf8'))

test('the pinned provider has the exact version of onnxruntime-node', async () => {
  const { version } = PROVIDER_RELEASE
  const { dependencies, devDependencies } = await readJson('package.json')
  expect(devDependencies['onnxruntime-node']).toBe(version)
  // A user of the package installs it for the files of onnxruntime-node that the package contains.
  expect(dependencies['onnxruntime-common']).toBe(version)
  const { packages } = await readJson('package-lock.json')
  expect(packages['node_modules/onnxruntime-node'].version).toBe(version)
  expect(PROVIDER_RELEASE.wheel.name).toContain(`-${version}-`)
})

test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
  'the pinned provider fits the installed runtime',
  async () => {
    expect(await checkRuntimeFits(findRuntimePackage(), PROVIDER_RELEASE, 'hashes')).toEqual({
      status: 'installed',
    })
  },
)

test('the provider library is installed after all other libraries', () => {
  expect(PROVIDER_RELEASE.libraries.at(-1)?.name).toBe('libonnxruntime_providers_cuda.so')
})
