import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { DeviceProbes } from '../../../worker/cuda/choose-device.ts'
import { CUDA_LIBRARIES } from '../../../worker/cuda/cuda-libraries.ts'
import { installProvider } from '../../../worker/cuda/install-provider.ts'
import { librariesOf } from '../../../worker/cuda/runtime-package.ts'
import { chooseClipDevice } from '../../../worker/device/clip-device.ts'
import { machineProbes } from '../../../worker/device/machine-probes.ts'
import { NO_CARDS } from '../cli/a-command-line.ts'
import { aCard } from '../cuda/a-card.ts'
import { aLibraryFolder, isLinuxX64, plainLibraryBytes } from '../cuda/a-library.ts'
import { aRelease, aRuntime, aWheelFile, CUDA } from '../cuda/a-release.ts'

const A_CARD: DeviceProbes = { readCards: async () => [aCard()], readCudaFaults: async () => [] }

const choose = (
  options: Parameters<typeof chooseClipDevice>[0],
  { deviceProbes = A_CARD, environment = {} as Record<string, string> } = {},
) => chooseClipDevice(options, { deviceProbes, environment })

describe('the device of a command', () => {
  test('is the first card where CUDA is ready, in float16', async () => {
    expect(await choose({})).toEqual({
      choice: { provider: 'cuda', uuid: aCard().uuid, precision: 'fp16', computeCapability: 86 },
      name: 'NVIDIA A10G',
      precision: 'fp16',
      computeCapability: '8.6',
      driverVersion: '580.126.09',
      hint: null,
    })
  })

  test('is the processor, in float32, where there is no card', async () => {
    expect(await choose({}, { deviceProbes: NO_CARDS })).toMatchObject({
      choice: { provider: 'cpu' },
      precision: 'fp32',
      computeCapability: null,
    })
  })

  test('is what the option says, else the variable, else auto', async () => {
    const environment = { SVD_DEVICE: 'cpu' }
    expect((await choose({}, { environment })).choice).toEqual({ provider: 'cpu' })
    expect((await choose({ device: 'cuda' }, { environment })).choice).toMatchObject({ provider: 'cuda' })
    expect((await choose({}, { environment: { SVD_DEVICE: '' } })).choice).toMatchObject({ provider: 'cuda' })
  })

  test('is float32 on a card if asked for, and never float16 on the processor', async () => {
    expect((await choose({ precision: 'fp32' })).choice).toMatchObject({ precision: 'fp32' })
    await expect(choose({ device: 'cpu', precision: 'fp16' })).rejects.toThrow(
      new InvalidInputError('--precision', 'got fp16 on the CPU, which computes in fp32 alone; leave it out'),
    )
  })

  test('that is not understood is named as it was given', async () => {
    await expect(choose({ device: 'gpu' })).rejects.toThrow('--device: got')
    await expect(choose({}, { environment: { SVD_DEVICE: 'gpu' } })).rejects.toThrow('SVD_DEVICE: got')
  })
})

describe.skipIf(!isLinuxX64)('the CUDA of this machine', () => {
  /** A runtime with an installed provider, and what damages the provider's library without changing its size. */
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

  test('is ready with the provider that was installed', async () => {
    const { probes } = await aMachine()
    expect(await probes.readCudaFaults()).toEqual([])
  })

  test('is not used with one of which a byte changed', async () => {
    const { probes, damage } = await aMachine()
    await damage()
    expect(await probes.readCudaFaults()).toEqual([
      expect.stringMatching(
        /libonnxruntime_providers_cuda\.so has SHA-256 [0-9a-f]{64}; must be [0-9a-f]{64}$/,
      ),
    ])
  })

  test('is examined once by a process', async () => {
    const { probes, damage } = await aMachine()
    await probes.readCudaFaults()
    await damage()
    expect(await probes.readCudaFaults()).toEqual([])
  })
})
