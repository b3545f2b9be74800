import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { DeviceProbes } from '../../../worker/cuda/choose-device.ts'
import { chooseClipDevice } from '../../../worker/device/clip-device.ts'
import { NO_CARDS } from '../cli/a-command-line.ts'
import { aCard } from '../cuda/a-card.ts'

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
