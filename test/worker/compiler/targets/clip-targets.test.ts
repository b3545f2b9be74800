import { describe, expect, test } from 'vitest'
import { clipTargets } from '../../../../worker/compiler/targets/clip-targets.ts'

const dtypesOf = (options: Parameters<typeof clipTargets>[0]) => {
  const { name, imageEncoder, vaeEncoder, unet, vaeDecoder } = clipTargets(options)
  return { name, dtypes: [imageEncoder, vaeEncoder, unet, vaeDecoder].map(({ dtype }) => dtype) }
}

describe('targets of the networks: image encoder, VAE encoder, UNet, VAE decoder', () => {
  test.each([
    [true, ['float16', 'float32', 'float16', 'float16']],
    [false, ['float16', 'float16', 'float16', 'float16']],
  ])('cuda in fp16, force_upcast %j', (forceUpcast, dtypes) => {
    expect(dtypesOf({ target: 'cuda', precision: 'fp16', forceUpcast })).toEqual({
      name: 'cuda-float16',
      dtypes,
    })
  })

  test.each([true, false])('cuda in fp32, force_upcast %j', (forceUpcast) => {
    expect(dtypesOf({ target: 'cuda', precision: 'fp32', forceUpcast })).toEqual({
      name: 'cuda-float32',
      dtypes: ['float32', 'float32', 'float32', 'float32'],
    })
  })

  test.each([
    ['fp16', 75, 'cuda-float16-packed'],
    ['fp16', 86, 'cuda-float16'],
    ['fp16', null, 'cuda-float16'],
    ['fp32', 75, 'cuda-float32'],
  ] as const)('cuda in %s for compute capability %j is %s', (precision, computeCapability, name) => {
    const targets = clipTargets({ target: 'cuda', precision, forceUpcast: true, computeCapability })
    expect([targets.name, targets.unet.name, targets.vaeEncoder.name]).toEqual([name, name, 'cuda-float32'])
  })

  test('cpu', () => {
    expect(dtypesOf({ target: 'cpu' })).toEqual({
      name: 'cpu',
      dtypes: ['float32', 'float32', 'float32', 'float32'],
    })
  })
})
