import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { CUDA_LIBRARIES } from '../../../worker/cuda/cuda-libraries.ts'
import { installProvider } from '../../../worker/cuda/install-provider.ts'
import { librariesOf } from '../../../worker/cuda/runtime-package.ts'
import { machineProbes } from '../../../worker/device/machine-probes.ts'
import { aLibraryFolder, isLinuxX64, plainLibraryBytes } from '../cuda/a-library.ts'
import { aRelease, aRuntime, aWheelFile, CUDA } from '../cuda/a-release.ts'

describe.skipIf(!isLinuxX64)('the CUDA provider of this machine', () => {
  /** A runtime with an installed provider. `damage` changes a byte of the provider's library. */
  const aMachine = async () => {
    const { release, wheel, contents } = aRelease({ [CUDA]: await plainLibraryBytes() })
    const packageDir = await aRuntime()
    const folder = librariesOf(packageDir)
    await installProvider(
      folder,
      release,
      { file: await aWheelFile(wheel) },
      {},
      new AbortController().signal,
    )
    const environment = { LD_LIBRARY_PATH: await aLibraryFolder(CUDA_LIBRARIES.map(({ name }) => name)) }
    const probes = machineProbes(environment, () => ({
      ...{ platform: 'linux-x64', packageDir, release, program: process.execPath, environment },
    }))
    const damage = async () => {
      const bytes = Buffer.from(contents[CUDA] ?? [])
      const middle = bytes.length >> 1
      bytes[middle] = ~(bytes[middle] ?? 0)
      await writeFile(path.join(folder, CUDA), bytes)
    }
    return { probes, damage }
  }

  test('has no faults after its installation', async () => {
    const { probes } = await aMachine()
    expect(await probes.readCudaFaults()).toEqual([])
  })

  test('has a fault after one byte of its library has changed', async () => {
    const { probes, damage } = await aMachine()
    await damage()
    expect(await probes.readCudaFaults()).toEqual([
      expect.stringMatching(
        /libonnxruntime_providers_cuda\.so has SHA-256 [0-9a-f]{64}; must be [0-9a-f]{64}$/,
      ),
    ])
  })

  test('is verified once in each process', async () => {
    const { probes, damage } = await aMachine()
    await probes.readCudaFaults()
    await damage()
    expect(await probes.readCudaFaults()).toEqual([])
  })
})
