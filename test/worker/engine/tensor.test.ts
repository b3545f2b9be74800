import { describe, expect, test } from 'vitest'
import { byteOutput, float32Output, float32Outputs } from '../../../worker/engine/tensor.ts'
import { tensorOf } from '../../fixtures/run-graph.ts'

const latents = tensorOf([1, 2])
const rgb = { data: Uint8Array.of(1, 2), shape: [2] }

describe('outputs by type', () => {
  test('are returned unchanged', () => {
    expect(float32Output({ latents, rgb }, 'latents')).toBe(latents)
    expect(byteOutput({ latents, rgb }, 'rgb')).toBe(rgb)
    expect(float32Outputs({ latents })).toEqual({ latents })
  })

  test('are refused if they are missing or of another type', () => {
    expect(() => float32Output({ rgb }, 'rgb')).toThrow(new TypeError('there is no float32 output rgb'))
    expect(() => float32Output({}, 'latents')).toThrow(new TypeError('there is no float32 output latents'))
    expect(() => byteOutput({ latents }, 'latents')).toThrow(
      new TypeError('there is no uint8 output latents'),
    )
    expect(() => byteOutput({}, 'rgb')).toThrow(new TypeError('there is no uint8 output rgb'))
    expect(() => float32Outputs({ latents, rgb })).toThrow(new TypeError('output rgb is uint8, not float32'))
  })
})
