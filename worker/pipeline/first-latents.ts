import type { Precision } from '../compiler/targets/clip-targets.ts'
import { roundTo } from './precision.ts'
import type { TorchGenerator } from './random/torch-generator.ts'
import type { Schedule } from './scheduler/euler-discrete.ts'

/**
 * The `count` numbers that denoising starts from: the next draw of the generator, times initNoiseSigma. They equal
 * those of the reference's `prepare_latents` bit for bit. A number of 65,520 or more, which needs a first sigma of
 * over 10,000, stays finite here; in half the reference makes it infinite.
 */
export const drawFirstLatents = (
  generator: TorchGenerator,
  count: number,
  { initNoiseSigma, precision }: Pick<Schedule, 'initNoiseSigma'> & { readonly precision: Precision },
): Float32Array =>
  generator
    .randn(count, precision === 'fp16' ? 'float16' : 'float32')
    .map((x) => roundTo(precision, Math.fround(x * initNoiseSigma)))
