import type { Affine, BiasedLinear, Linear, Mix, TemporalConv } from '../targets/target.ts'
import type { Weights } from '../weights/weights.ts'

export const bindNorm = (w: Weights, channels: number): Affine => ({
  weight: w.tensor('weight', [channels]),
  bias: w.tensor('bias', [channels]),
})

export const bindLinear = (w: Weights, inFeatures: number, outFeatures: number): BiasedLinear => ({
  weight: w.tensor('weight', [outFeatures, inFeatures]),
  bias: w.tensor('bias', [outFeatures]),
})

export const bindProjection = (w: Weights, inFeatures: number, outFeatures: number): Linear => ({
  weight: w.tensor('weight', [outFeatures, inFeatures]),
  bias: null,
})

export const bindConv = (
  w: Weights,
  inChannels: number,
  outChannels: number,
  kernel: number,
): BiasedLinear => ({
  weight: w.tensor('weight', [outChannels, inChannels, kernel, kernel]),
  bias: w.tensor('bias', [outChannels]),
})

export const bindTemporalConv = (w: Weights, channels: number): TemporalConv => ({
  weight: w.tensor('weight', [channels, channels, 3, 1, 1]),
  bias: w.tensor('bias', [channels]),
})

/** diffusers' AlphaBlender at `w`; `switched` as in the VAE. */
export const bindMix = (w: Weights, { switched }: Pick<Mix, 'switched'>): Mix => ({
  factor: w.tensor('mix_factor', [1]),
  switched,
})
