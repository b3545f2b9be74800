import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { fusedMultiplyAdd } from '../random/fused-multiply-add.ts'

/**
 * One guidance scale per frame, from `min` (first) to `max` (last), [numFrames]: equal to
 * `torch.linspace(min, max, numFrames)` in float32, which counts the first half up from `min` and the rest down
 * from `max`. A single frame gets `min`.
 *
 * @throws InvalidInputError (`min_guidance_scale`, `max_guidance_scale`) if a scale is not finite in float32.
 */
export const guidanceRamp = (min: number, max: number, numFrames: number): Float32Array => {
  const start = finiteFloat32('min_guidance_scale', min)
  const end = finiteFloat32('max_guidance_scale', max)
  if (numFrames === 1) return Float32Array.of(start)
  const step = Math.fround(Math.fround(end - start) / (numFrames - 1))
  const half = Math.floor(numFrames / 2)
  return Float32Array.from({ length: numFrames }, (_, i) =>
    i < half ? fusedMultiplyAdd(step, i, start) : fusedMultiplyAdd(-step, numFrames - 1 - i, end),
  )
}

const finiteFloat32 = (field: string, value: number): number => {
  const float32 = Math.fround(value)
  if (Number.isFinite(float32)) return float32
  throw new InvalidInputError(field, `must be a finite number, got ${value}`)
}
