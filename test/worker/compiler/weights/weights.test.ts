import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../../shared/contracts/invalid-input.ts'
import type { StoredTensor } from '../../../../worker/checkpoint/stored-tensors.ts'
import { openWeights } from '../../../../worker/compiler/weights/weights.ts'

const stored = (
  shapes: Readonly<Record<string, readonly number[]>>,
  dtype: StoredTensor['dtype'] = 'F16',
): ReadonlyMap<string, StoredTensor> =>
  new Map(
    Object.entries(shapes).map(([key, shape]) => [
      key,
      { key, dtype, shape, file: '/weights.safetensors', offsetBytes: 8, sizeBytes: 0 },
    ]),
  )

const faultOf = (work: () => unknown): InvalidInputError => {
  try {
    work()
  } catch (error) {
    if (error instanceof InvalidInputError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('a tensor', () => {
  test('is found by its path, with its stored precision', () => {
    const tensors = stored({ 'down_blocks.0.resnets.1.conv1.weight': [4, 3, 3, 3] }, 'F32')
    const place = openWeights('unet', tensors).root.at('down_blocks', 0, 'resnets').at(1)
    expect(place.path).toBe('down_blocks.0.resnets.1')
    expect(place.at('conv1').tensor('weight', [4, 3, 3, 3])).toMatchObject({
      key: 'down_blocks.0.resnets.1.conv1.weight',
      dtype: 'float32',
      shape: [4, 3, 3, 3],
      offsetBytes: 0,
    })
  })

  test.each([
    ['F32', 'float32'],
    ['F16', 'float16'],
    ['BF16', 'bfloat16'],
  ] as const)('stored as %s has type %s', (dtype, expected) => {
    expect(openWeights('vae', stored({ x: [1] }, dtype)).root.tensor('x', [1]).dtype).toBe(expected)
  })

  test('of integers is refused as a weight, because quantised checkpoints are not supported', () => {
    const { field, message } = faultOf(() =>
      openWeights('unet', stored({ x: [1] }, 'U8')).root.tensor('x', [1]),
    )
    expect(field).toBe('unet: x')
    expect(message).toContain('has dtype U8; weights must be F32, F16 or BF16')
  })

  test('of integers that no layer requests is reported as left over', () => {
    const weights = openWeights('unet', stored({ 'conv_in.weight.absmax': [4] }, 'U8'))
    expect(faultOf(() => weights.assertNoneLeft()).message).toContain('conv_in.weight.absmax')
  })

  test('that is missing is refused with its name, its expected shape and a fix', () => {
    const { field, message } = faultOf(() =>
      openWeights('unet', stored({})).root.at('conv_in').tensor('weight', [320, 8, 3, 3]),
    )
    expect(field).toBe('unet: conv_in.weight')
    expect(message).toBe(
      'unet: conv_in.weight: this tensor is missing from the checkpoint (expected shape [320, 8, 3, 3]); ' +
        'the files do not match config.json: download the folder again, or check which variant it holds',
    )
  })

  test.each([{ shape: [4, 2] }, { shape: [4, 3, 1] }, { shape: [12] }, { shape: [4] }])(
    'of another shape, $shape, is refused with both shapes',
    ({ shape }) => {
      const { message } = faultOf(() => openWeights('vae', stored({ x: shape })).root.tensor('x', [4, 3]))
      expect(message).toBe(
        `vae: x: has shape [${shape.join(', ')}], but config.json asks for [4, 3]; ` +
          'config and weights belong to different models',
      )
    },
  )
})

describe('a component', () => {
  test('counts each requested tensor once, unused tensors included', () => {
    const component = openWeights('unet', stored({ a: [2, 3], b: [5] }, 'F32'))
    component.root.tensor('a', [2, 3])
    component.root.tensor('a', [2, 3])
    component.root.unused('b', [5])
    expect(component.parameterCount()).toBe(11)
    expect(component.sizeBytes()).toBe(44)
  })

  test('without files assumes that each requested tensor exists in float16', () => {
    const component = openWeights('unet', null)
    expect(component.root.tensor('a', [2, 3])).toMatchObject({ dtype: 'float16', stored: null })
    expect(component.parameterCount()).toBe(6)
    expect(component.sizeBytes()).toBe(12)
    expect(() => component.assertNoneLeft()).not.toThrow()
  })

  test('checks the shape of unused tensors too', () => {
    expect(() => openWeights('unet', stored({ b: [5] })).root.unused('b', [6])).toThrow(InvalidInputError)
  })
})

describe('tensors that no layer requests', () => {
  test('are reported, at most three by name', () => {
    const component = openWeights('unet', stored({ a: [1], b: [1], c: [1], d: [1], e: [1] }))
    component.root.tensor('c', [1])
    expect(faultOf(() => component.assertNoneLeft()).message).toBe(
      'unet: the checkpoint holds 4 tensor(s) that config.json does not account for: a, b, d, …; ' +
        'config and weights belong to different models',
    )
  })

  test('can be ignored by name', () => {
    const component = openWeights('image_encoder', stored({ 'embeddings.position_ids': [1] }))
    expect(() => component.assertNoneLeft((key) => key.endsWith('.position_ids'))).not.toThrow()
    expect(faultOf(() => component.assertNoneLeft()).message).toContain('1 tensor(s)')
  })
})
