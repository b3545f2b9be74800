import { symlink } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { CUDA_LIBRARIES } from '../../../worker/cuda/cuda-libraries.ts'
import { type CudaState, cudaFaults, isCudaReady, readCudaState } from '../../../worker/cuda/cuda-state.ts'
import { installProvider } from '../../../worker/cuda/install-provider.ts'
import { librariesOf } from '../../../worker/cuda/runtime-package.ts'
import { aLibraryFolder, isLinuxX64, plainLibraryBytes } from './a-library.ts'
import { aRelease, aRuntime, aWheelFile, CUDA, SHARED } from './a-release.ts'

const signal = new AbortController().signal
const NAMES = CUDA_LIBRARIES.map(({ name }) => name)

/** A runtime with a provider that is a library which the loader can load. */
const anInstalledRuntime = async () => {
  const { release, wheel } = aRelease({ [CUDA]: await plainLibraryBytes() })
  const packageDir = await aRuntime()
  await installProvider(librariesOf(packageDir), release, { file: await aWheelFile(wheel) }, {}, signal)
  return { packageDir, release }
}

const read = async (folder: string, verify: 'hashes' | 'sizes' = 'hashes'): Promise<CudaState> => {
  const environment = { LD_LIBRARY_PATH: folder }
  return readCudaState(
    { ...(await anInstalledRuntime()), program: process.execPath, environment },
    verify,
    signal,
  )
}

describe.skipIf(!isLinuxX64)('the state of a machine', () => {
  test('with the provider and all libraries is ready', async () => {
    const folder = await aLibraryFolder(NAMES)
    const state = await read(folder)
    expect(cudaFaults(state)).toEqual([])
    expect(isCudaReady(state)).toBe(true)
    expect(state.libraries.map(({ name, file }) => [name, file])).toEqual(
      NAMES.map((name) => [name, path.join(folder, name)]),
    )
  })

  test.each(['libcublasLt.so.13', 'libcudnn.so.9'])(
    'without %s is not ready, whether it is opened at once or later',
    async (gone) => {
      const state = await read(await aLibraryFolder(NAMES.filter((name) => name !== gone)), 'sizes')
      expect(cudaFaults(state)).toEqual([`${gone}: the dynamic loader does not find it`])
      expect(isCudaReady(state)).toBe(false)
    },
  )

  test.each([
    ['libcuda.so.570.133.20', ['libcuda.so.1: the driver is 570.133.20; CUDA 13 needs 580 or newer']],
    ['libcuda.so.580.65.06', []],
    ['libcuda.so.1000.1', []],
    ['libcuda.so.1.1', []],
  ])('with a driver whose library is %s has the faults %j', async (file, faults) => {
    const folder = await aLibraryFolder([...NAMES.filter((name) => name !== 'libcuda.so.1'), file])
    await symlink(file, path.join(folder, 'libcuda.so.1'))
    expect(cudaFaults(await read(folder))).toEqual(faults)
  })

  test('without a provider still lists the libraries as found', async () => {
    const { release } = aRelease()
    const packageDir = await aRuntime()
    const environment = { LD_LIBRARY_PATH: await aLibraryFolder(NAMES) }
    const machine = { packageDir, release, program: process.execPath, environment }
    const state = await readCudaState(machine, 'hashes', signal)
    expect(cudaFaults(state)).toEqual([`${SHARED} is not in ${librariesOf(packageDir)}`])
  })

  test('with a provider that the loader cannot load is not ready', async () => {
    const { release, wheel } = aRelease()
    const packageDir = await aRuntime()
    await installProvider(librariesOf(packageDir), release, { file: await aWheelFile(wheel) }, {}, signal)
    const environment = { LD_LIBRARY_PATH: await aLibraryFolder(NAMES) }
    const machine = { packageDir, release, program: process.execPath, environment }
    expect(cudaFaults(await readCudaState(machine, 'hashes', signal))).toEqual([
      `./${CUDA}: invalid ELF header`,
    ])
  })
})
