import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { chooseClipDevice, machineProbes } from '../../../worker/cli/device-options.ts'
import type { DeviceProbes } from '../../../worker/cuda/choose-device.ts'
import { CUDA_LIBRARIES } from '../../../worker/cuda/cuda-libraries.ts'
import { installProvider } from '../../../worker/cuda/install-provider.ts'
import { librariesOf } from '../../../worker/cuda/runtime-package.ts'
import { aCard } from '../cuda/a-card.ts'
import { aLibraryFolder, isLinuxX64, plainLibraryBytes } from '../cuda/a-library.ts'
import { aRelease, aRuntime, aWheelFile, CUDA } from '../cuda/a-release.ts'
import { NO_CARDS } from './a-command-line.ts'

const A_CARD: DeviceProbes = { readCards: async () => [aCard()], readCudaFaults: async () => [] }

const choose = (
  options: Parameters<typeof chooseClipDevice>[0],
  { deviceProbes = A_CARD, environment = {} as Record<string, string> } = {},
) => chooseClipDevice(options, { deviceProbes, environment })

describe('the device of a command', () => {
  test('is the first GPU, in float16, where CUDA is ready', async () => {
    expect(await choose({})).toEqual({
      choice: { provider: 'cuda', uuid: aCard().uuid, precision: 'fp16', computeCapability: 86 },
      name: 'NVIDIA A10G',
      precision: 'fp16',
      computeCapability: '8.6',
      driverVersion: '580.126.09',
      hint: null,
    })
  })

  test('is the CPU, in float32, where there is no GPU', async () => {
    expect(await choose({}, { deviceProbes: NO_CARDS })).toMatchObject({
      choice: { provider: 'cpu' },
      precision: 'fp32',
      computeCapability: null,
    })
  })

  test('comes from --device, else from SVD_DEVICE, else from auto', async () => {
    const environment = { SVD_DEVICE: 'cpu' }
    expect((await choose({}, { environment })).choice).toEqual({ provider: 'cpu' })
    expect((await choose({ device: 'cuda' }, { environment })).choice).toMatchObject({ provider: 'cuda' })
    expect((await choose({}, { environment: { SVD_DEVICE: '' } })).choice).toMatchObject({ provider: 'cuda' })
  })

  test('computes in float32 on a GPU with --precision fp32, and refuses fp16 on the CPU', async () => {
    expect((await choose({ precision: 'fp32' })).choice).toMatchObject({ precision: 'fp32' })
    await expect(choose({ device: 'cpu', precision: 'fp16' })).rejects.toThrow(
      new InvalidInputError('--precision', 'got fp16 on the CPU, which computes in fp32 alone; leave it out'),
    )
  })

  test('is refused with the name of its option or variable when the value is unknown', async () => {
    await expect(choose({ device: 'gpu' })).rejects.toThrow('--device: got')
    await expect(choose({}, { environment: { SVD_DEVICE: 'gpu' } })).rejects.toThrow('SVD_DEVICE: got')
  })
})

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
