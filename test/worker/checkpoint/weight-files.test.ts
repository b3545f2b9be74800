import { describe, expect, test } from 'vitest'
import { chooseWeightFile } from '../../../worker/checkpoint/weight-files.ts'

const choose = (
  entries: string[],
  options: { variant?: string; optional?: boolean } = {},
  library: 'diffusers' | 'transformers' = 'diffusers',
) =>
  chooseWeightFile('unet', library, entries, {
    variant: options.variant,
    optional: options.optional ?? false,
  })

const FP32 = 'diffusion_pytorch_model.safetensors'
const FP16 = 'diffusion_pytorch_model.fp16.safetensors'
const BF16 = 'diffusion_pytorch_model.bf16.safetensors'

describe('chooseWeightFile', () => {
  test.each([
    ['the file without a variant if both exist', [FP16, FP32], {}, FP32, null],
    ['the only existing variant', [FP16, 'config.json'], {}, FP16, 'fp16'],
    ['the requested variant', [FP16, FP32, BF16], { variant: 'bf16' }, BF16, 'bf16'],
    [
      'the shards if a single file exists too, as diffusers does',
      [FP32, `${FP32}.index.json`],
      {},
      `${FP32}.index.json`,
      null,
    ],
    [
      'shards of a variant by their present name',
      [
        'diffusion_pytorch_model.safetensors.index.fp16.json',
        'diffusion_pytorch_model.fp16-00001-of-00002.safetensors',
      ],
      {},
      'diffusion_pytorch_model.safetensors.index.fp16.json',
      'fp16',
    ],
    [
      'shards of a variant by their former name',
      [
        'diffusion_pytorch_model.safetensors.fp16.index.json',
        'diffusion_pytorch_model-00001-of-00002.fp16.safetensors',
      ],
      { variant: 'fp16' },
      'diffusion_pytorch_model.safetensors.fp16.index.json',
      'fp16',
    ],
    [
      "shards of a variant by other tools' name",
      ['diffusion_pytorch_model.fp16.safetensors.index.json'],
      {},
      'diffusion_pytorch_model.fp16.safetensors.index.json',
      'fp16',
    ],
    ['safetensors rather than a pickle', ['diffusion_pytorch_model.bin', FP32], {}, FP32, null],
  ])('chooses %s', (_name, entries, options, name, variant) => {
    expect(choose(entries, options)).toMatchObject({ name, variant, sharded: name.endsWith('.json') })
  })

  test('chooses the single file if shards exist too, as transformers does', () => {
    const entries = ['model.safetensors.index.json', 'model.safetensors']
    expect(choose(entries, {}, 'transformers')?.name).toBe('model.safetensors')
  })

  test('ignores a file of another component', () => {
    expect(() => choose(['model.safetensors'])).toThrow(
      'unet: has no weights (no diffusion_pytorch_model.safetensors',
    )
  })

  test('chooses the files without a variant if the requested one is missing, because another component may have it', () => {
    expect(choose([FP16, FP32], { variant: 'bf16' })).toMatchObject({ name: FP32, variant: null })
  })

  test('lists the existing variants if there is neither the requested one nor a default', () => {
    expect(() => choose([FP16], { variant: 'bf16' })).toThrow(
      'variant: unet has no bf16 weights; there is: fp16',
    )
  })

  test('asks for a choice between several variants', () => {
    expect(() => choose([FP16, BF16])).toThrow(
      'unet has several variants (bf16, fp16) and no default; choose one',
    )
  })

  test('explains how to convert pickles', () => {
    expect(() => choose(['diffusion_pytorch_model.fp16.bin'])).toThrow(
      /PyTorch pickle \(diffusion_pytorch_model\.fp16\.bin\) only.*safe_serialization=True/,
    )
  })

  test('reports a missing index of shards', () => {
    expect(() => choose(['diffusion_pytorch_model-00001-of-00002.safetensors'])).toThrow('but no index')
  })

  test('returns null if there are no weights and none are required', () => {
    expect(choose(['config.json'], { optional: true })).toBeNull()
  })

  test('refuses a missing variant if optional weights exist', () => {
    expect(() => choose([BF16], { variant: 'fp16', optional: true })).toThrow('has no fp16 weights')
  })
})
