import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { add, div, mul, sqrt, sub } from '../ops/elementwise.ts'
import { reshape, slice } from '../ops/shape.ts'

/* EulerDiscreteScheduler on latents [frames, C, h, w]; every sigma is [1]. */

const sigmaSquaredPlusOne = (g: Graph, sigma: Value): Value =>
  add(g, mul(g, sigma, sigma), g.inline(Float32Array.of(1), [1]))

/** latents/√(σ²+1): what the UNet sees. */
export const scaleModelInput = (g: Graph, latents: Value, sigma: Value): Value =>
  div(g, latents, sqrt(g, sigmaSquaredPlusOne(g, sigma)))

/** v prediction to x₀, then one Euler step from σ to σ_next: EulerDiscreteScheduler.step without churn. */
export const eulerStep = (
  g: Graph,
  latents: Value,
  prediction: Value,
  { sigma, sigmaNext }: { readonly sigma: Value; readonly sigmaNext: Value },
): Value => {
  const plusOne = sigmaSquaredPlusOne(g, sigma)
  const minusOne = g.inline(Float32Array.of(-1), [1])
  const fromPrediction = mul(g, prediction, mul(g, div(g, sigma, sqrt(g, plusOne)), minusOne))
  const denoised = add(g, fromPrediction, div(g, latents, plusOne))
  const derivative = div(g, sub(g, latents, denoised), sigma)
  return add(g, latents, mul(g, derivative, sub(g, sigmaNext, sigma)))
}

export interface Passes {
  /** Both [frames, C, h, w]. */
  readonly unconditional: Value
  readonly conditional: Value
}

/** The passes of a prediction [2·frames, C, h, w]. */
export const splitPasses = (g: Graph, prediction: Value): Passes => {
  const frames = (prediction.shape[0] ?? 0) / 2
  return {
    unconditional: slice(g, prediction, 0, 0, frames),
    conditional: slice(g, prediction, 0, frames, 2 * frames),
  }
}

/** u + guidance·(c − u), with one scale per frame: `scales` [frames]. */
export const guide = (g: Graph, { unconditional, conditional }: Passes, scales: Value): Value => {
  const perFrame = reshape(g, scales, [scales.shape[0] ?? 0, 1, 1, 1])
  return add(g, unconditional, mul(g, perFrame, sub(g, conditional, unconditional)))
}

/** latents / scaling_factor: what the VAE decodes. */
export const unscaleLatents = (g: Graph, latents: Value, scalingFactor: number): Value =>
  div(g, latents, g.inline(Float32Array.of(scalingFactor), [1]))
