const RHO = 7

/**
 * The noise levels of Karras et al. (2022), from `sigmaMax` down to `sigmaMin`, in float64:
 * evenly spaced in σ^(1/7). One step alone is at `sigmaMax`.
 * Source: diffusers EulerDiscreteScheduler._convert_to_karras.
 */
export const karrasSigmas = (sigmaMin: number, sigmaMax: number, steps: number): Float64Array => {
  const lowest = sigmaMin ** (1 / RHO)
  const highest = sigmaMax ** (1 / RHO)
  const ramp = steps === 1 ? 0 : 1 / (steps - 1)
  return Float64Array.from({ length: steps }, (_, i) => {
    const position = steps > 1 && i === steps - 1 ? 1 : i * ramp
    return (highest + position * (lowest - highest)) ** RHO
  })
}
