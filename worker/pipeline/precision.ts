import type { Precision } from '../compiler/targets/clip-targets.ts'
import { roundToFloat16 } from './random/float16.ts'

/**
 * The number as a pipeline of that precision stores it; `value` is a float32. A clip's precision is that of the
 * reference's pipeline that it follows: `fp16` is what `torch_dtype=torch.float16` loads.
 * It decides what is half around the networks; inside them the target decides. In diffusers 0.42.1, with a PIL image
 * and a CPU generator:
 *
 *                                                  fp16 in diffusers          fp16 here
 *     noise on the image (draw 1), noised image    float32                    float32
 *     added_time_ids                               half                       half
 *     first latents (draw 2)                       half                       half
 *     … times initNoiseSigma                       float32, rounded to half   float32, rounded to half
 *     guidance scale, u + g · (c - u)              half                       float32
 *     latents between the steps                    half                       float32
 *     the Euler step itself                        float32 but for σ · v      float32
 *
 * So a clip of fp16 begins at diffusers' very latents, and then rounds less often than diffusers does.
 */
export const roundTo = (precision: Precision, value: number): number =>
  precision === 'fp16' ? roundToFloat16(value) : value
