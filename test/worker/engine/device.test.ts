import { totalmem } from 'node:os'
import { describe, expect, test } from 'vitest'
import { deviceEnvironment, openDevice, plannedCard } from '../../../worker/engine/device.ts'

const UUID = 'GPU-1'

describe('the environment of a process that runs on a device', () => {
  test('is empty for the CPU', () => {
    expect(deviceEnvironment({ provider: 'cpu' })).toEqual({})
  })

  test('exposes one GPU alone, in the order of PCI slots', () => {
    expect(deviceEnvironment({ provider: 'cuda', uuid: UUID, precision: 'fp16' })).toEqual({
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      CUDA_VISIBLE_DEVICES: UUID,
    })
  })

  test('disables TF32 for float32', () => {
    expect(deviceEnvironment({ provider: 'cuda', uuid: UUID, precision: 'fp32' })).toMatchObject({
      NVIDIA_TF32_OVERRIDE: '0',
    })
  })

  test('decides with the GPU whether convolutions are planned with TF32', () => {
    const planned = (['fp16', 'fp32'] as const).map((precision) =>
      plannedCard({ precision, computeCapability: 80 }, {}),
    )
    expect(planned).toEqual([
      { computeCapability: 80, hasTf32: true },
      { computeCapability: 80, hasTf32: false },
    ])
    const environment = { NVIDIA_TF32_OVERRIDE: '0' }
    expect(plannedCard({ precision: 'fp16', computeCapability: 80 }, environment).hasTf32).toBe(false)
  })
})

describe('a device', () => {
  const dtypes = async (precision: 'fp16' | 'fp32', forceUpcast: boolean) => {
    const device = await openDevice({ provider: 'cuda', uuid: UUID, precision, computeCapability: 86 })
    const { imageEncoder, vaeEncoder, unet, vaeDecoder } = device.targets({ forceUpcast })
    return [imageEncoder, vaeEncoder, unet, vaeDecoder].map(({ dtype }) => dtype)
  }

  test('on CUDA has float16 networks, except for a VAE encoder that must be float32', async () => {
    expect(await dtypes('fp16', true)).toEqual(['float16', 'float32', 'float16', 'float16'])
    expect(await dtypes('fp16', false)).toEqual(['float16', 'float16', 'float16', 'float16'])
    expect(await dtypes('fp32', true)).toEqual(['float32', 'float32', 'float32', 'float32'])
  })

  test.each([
    [75, 'cuda-float16-packed'],
    [86, 'cuda-float16'],
  ])('of compute capability %i has target %s', async (computeCapability, name) => {
    const device = await openDevice({ provider: 'cuda', uuid: UUID, precision: 'fp16', computeCapability })
    expect(device.targets({ forceUpcast: true }).name).toBe(name)
  })

  test('has exact float32 targets only beside float16 targets', async () => {
    const exact = async (precision: 'fp16' | 'fp32') => {
      const device = await openDevice({ provider: 'cuda', uuid: UUID, precision, computeCapability: 86 })
      return device.exactTargets({ forceUpcast: true })?.vaeDecoder.dtype ?? null
    }
    expect([await exact('fp16'), await exact('fp32')]).toEqual(['float32', null])
    expect((await openDevice({ provider: 'cpu' })).exactTargets({ forceUpcast: true })).toBeNull()
  })

  test('of the CPU has float32 networks and free memory', async () => {
    const device = await openDevice({ provider: 'cpu' })
    expect(device.targets({ forceUpcast: true }).unet.dtype).toBe('float32')
    const { availableBytes, totalBytes } = await device.memory()
    expect(availableBytes).toBeGreaterThan(2 ** 20)
    expect(totalBytes).toBeGreaterThan(availableBytes / 2)
    expect(totalBytes).toBeLessThan(totalmem())
  })
})
