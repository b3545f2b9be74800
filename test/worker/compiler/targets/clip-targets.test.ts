import { describe, expect, test } from 'vitest'
import { clipTargets } from '../../../../worker/compiler/targets/clip-targets.ts'

const dtypesOf = (options: Parameters<typeof clipTargets>[0]) => {
  const { name, imageEncoder, vaeEncoder, unet, vaeDecoder } = clipTargets(options)
  return { name, dtypes: [imageEncoder, vaeEncoder, unet, vaeDecoder].map(({ dtype }) => dtype) }
}

describe('clipTargets', () => {
  test.each([
    [true, ['float16', 'float32', 'float16', 'float16']],
    [false, ['float16', 'float16', 'float16', 'float16']],
  ])(
    'with cuda in fp16 and force_upcast %j gives encoders, UNet and decoder the types %j',
    (forceUpcast, dtypes) => {
      expect(dtypesOf({ target: 'cuda', precision: 'fp16', forceUpcast })).toEqual({
        name: 'cuda-float16',
        dtypes,
      })
    },
  )

  test.each([true, false])(
    'with cuda in fp32 and force_upcast %j gives every network float32',
    (forceUpcast) => {
      expect(dtypesOf({ target: 'cuda', precision: 'fp32', forceUpcast })).toEqual({
        name: 'cuda-float32',
        dtypes: ['float32', 'float32', 'float32', 'float32'],
      })
    },
  )

  test.each([
    ['fp16', 75, 'cuda-float16-packed'],
    ['fp16', 86, 'cuda-float16'],
    ['fp16', null, 'cuda-float16'],
    ['fp32', 75, 'cuda-float32'],
  ] as const)(
    'with cuda in %s and compute capability %j gives the UNet the target %s',
    (precision, computeCapability, name) => {
      const targets = clipTargets({ target: 'cuda', precision, forceUpcast: true, computeCapability })
      expect([targets.name, targets.unet.name, targets.vaeEncoder.name]).toEqual([name, name, 'cuda-float32'])
    },
  )

  test('with cpu gives every network float32', () => {
    expect(dtypesOf({ target: 'cpu' })).toEqual({
      name: 'cpu',
      dtypes: ['float32', 'float32', 'float32', 'float32'],
    })
  })
})
