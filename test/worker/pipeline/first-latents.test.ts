import { describe, expect, test } from 'vitest'
import { drawFirstLatents } from '../../../worker/pipeline/first-latents.ts'
import { createTorchGenerator } from '../../../worker/pipeline/random/torch-generator.ts'
import { readGolden } from '../../fixtures/golden.ts'

interface HalfCase {
  readonly seed: string
  readonly image_numbers: number
  readonly init_noise_sigma: number
}

const golden = await readGolden('half-pipeline')
const cases = Object.entries(JSON.parse(golden.metadata['cases'] ?? '') as Record<string, HalfCase>)

describe('the first latents', () => {
  test.each(cases)('of a float16 pipeline equal those of diffusers: %s', (name, half) => {
    const generator = createTorchGenerator(BigInt(half.seed))
    generator.randn(half.image_numbers, 'float32')
    const expected = golden.tensor(`${name}/first_latents`).data
    const options = { initNoiseSigma: half.init_noise_sigma, precision: 'fp16' } as const
    expect(drawFirstLatents(generator, expected.length, options)).toEqual(expected)
  })

  test('of a float32 pipeline are the float32 draw times the sigma', () => {
    const options = { initNoiseSigma: 3, precision: 'fp32' } as const
    const expected = createTorchGenerator(5n)
      .randn(20, 'float32')
      .map((x) => x * 3)
    expect(drawFirstLatents(createTorchGenerator(5n), 20, options)).toEqual(expected)
  })

  test('stay finite in float16 under a sigma that makes them infinite in diffusers', () => {
    const options = { initNoiseSigma: 2 ** 30, precision: 'fp16' } as const
    const expected = createTorchGenerator(5n)
      .randn(20, 'float16')
      .map((x) => x * 2 ** 30)
    expect(drawFirstLatents(createTorchGenerator(5n), 20, options)).toEqual(expected)
  })
})
