import type { Value } from '../graph/value.ts'
import { sigmoid, sub } from '../ops/elementwise.ts'
import type { Scope } from './scope.ts'

export interface BlendFactors {
  /** [1]; the two add up to one. */
  readonly spatial: Value
  readonly temporal: Value
}

/**
 * diffusers' AlphaBlender for videos: sigmoid(mix_factor) weighs the spatial side, or, switched as in the VAE,
 * the temporal one. Depends on a weight alone, so ONNX Runtime computes it when the session is made.
 */
export const blendFactors = (
  { g, target, w }: Scope,
  { switched }: { readonly switched: boolean },
): BlendFactors => {
  const alpha = sigmoid(g, target.parameter(g, w.tensor('mix_factor', [1])))
  const rest = sub(g, g.inline(Float32Array.of(1), [1]), alpha)
  return switched ? { spatial: rest, temporal: alpha } : { spatial: alpha, temporal: rest }
}
