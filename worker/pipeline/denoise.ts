import type { Tensor } from '../engine/tensor.ts'
import type { ClipNetworks, Tensors } from './clip-networks.ts'
import type { ClipConditioning } from './condition-clip.ts'
import type { Schedule } from './scheduler/euler-discrete.ts'

const scalar = (value: number): Tensor => ({ data: Float32Array.of(value), shape: [1] })

const only = (tensors: Tensors, name: string): Tensor => {
  const tensor = tensors[name]
  if (tensor === undefined) throw new TypeError(`the network gave no ${name}`)
  return tensor
}

/** Row `index` of each tensor [rows, …]. */
const rowOf = (tensors: Tensors, index: number): Tensors =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { data, shape }]) => {
      const size = data.length / (shape[0] ?? 1)
      const row = data.subarray(index * size, (index + 1) * size)
      return [name, { data: row, shape: [1, ...shape.slice(1)] }]
    }),
  )

export interface DenoiseOptions {
  readonly networks: ClipNetworks
  readonly conditioning: ClipConditioning
  readonly schedule: Schedule
  /** One scale per frame; `null` without guidance. */
  readonly guidanceScale: Float32Array | null
  readonly onStep: (step: number) => void
  readonly signal: AbortSignal
}

/** The whole denoising loop of one clip: latents [F, 4, h, w], already times initNoiseSigma, to clean ones. */
export const denoise = async (noise: Tensor, options: DenoiseOptions): Promise<Tensor> => {
  const { networks, conditioning, schedule, guidanceScale, onStep, signal } = options
  const guidance =
    guidanceScale === null ? {} : { guidance_scale: { data: guidanceScale, shape: [guidanceScale.length] } }
  let latents = noise
  for (let step = 0; step < schedule.timesteps.length; step++) {
    signal.throwIfAborted()
    const sigma = scalar(schedule.sigmas[step] ?? Number.NaN)
    const sigma_next = scalar(schedule.sigmas[step + 1] ?? Number.NaN)
    const here = { latents, sigma, ...rowOf(conditioning.timeShifts, step) }
    if (conditioning.passes === 'together') {
      const inputs = { ...here, ...conditioning.tensors, ...guidance, sigma_next }
      latents = only(await networks.denoiseStep(inputs), 'next_latents')
    } else {
      const unconditional = await networks.predict({ ...here, ...conditioning.unconditional })
      signal.throwIfAborted()
      const conditional = await networks.predict({ ...here, ...conditioning.conditional })
      const after = await networks.guidedEulerStep({
        latents,
        sigma,
        sigma_next,
        ...guidance,
        unconditional_prediction: only(unconditional, 'prediction'),
        conditional_prediction: only(conditional, 'prediction'),
      })
      latents = only(after, 'next_latents')
    }
    onStep(step + 1)
  }
  return latents
}
