import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../../worker/engine/tensor.ts'
import type { ClipNetworks, Tensors } from '../../../worker/pipeline/clip-networks.ts'
import type { ClipConditioning } from '../../../worker/pipeline/condition-clip.ts'
import { type DenoiseOptions, denoise } from '../../../worker/pipeline/denoise.ts'
import { tensorOf } from '../../fixtures/run-graph.ts'
import { NO_NETWORKS } from './no-networks.ts'

const SCHEDULE: DenoiseOptions['schedule'] = {
  sigmas: Float32Array.of(8, 4, 2, 0),
  timesteps: Float32Array.of(0.5, 0.25, 0.125),
  initNoiseSigma: 8,
}
const NOISE = tensorOf([1, 2], [2, 1])
const timeShifts = { spatial_shifts: tensorOf([0.5, 0.25, 0.125], [3, 1]) }
const TOGETHER: ClipConditioning = {
  passes: 'together',
  timeShifts,
  tensors: { image_features: tensorOf([7]) },
}
const APART: ClipConditioning = {
  passes: 'apart',
  timeShifts,
  unconditional: { image_features: tensorOf([0]) },
  conditional: { image_features: tensorOf([7]) },
}

const plain = (inputs: Tensors) =>
  Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, [...data]]))

/** Networks that record their inputs. Every step adds one to the latents. */
const aRecorder = (whenCalled: (call: number) => void = () => {}) => {
  const calls: { readonly network: string; readonly inputs: Record<string, number[]> }[] = []
  const record = (network: string, give: (inputs: Tensors) => Tensors) => async (inputs: Tensors) => {
    calls.push({ network, inputs: plain(inputs) })
    whenCalled(calls.length)
    return give(inputs)
  }
  const plusOne = ({ data, shape }: Tensor): Tensor => ({ data: data.map((value) => value + 1), shape })
  const next = ({ latents }: Tensors): Tensors => ({ next_latents: plusOne(latents!) })
  const networks: ClipNetworks = {
    ...NO_NETWORKS,
    denoiseStep: record('denoiseStep', next),
    predict: record('predict', ({ image_features }) => ({ prediction: image_features! })),
    guidedEulerStep: record('guidedEulerStep', next),
  }
  return { calls, networks }
}

const optionsWith = (networks: ClipNetworks, more: Partial<DenoiseOptions> = {}): DenoiseOptions => ({
  networks,
  conditioning: TOGETHER,
  schedule: SCHEDULE,
  guidanceScale: Float32Array.of(1, 3),
  onStep: () => {},
  signal: new AbortController().signal,
  ...more,
})

describe('denoise, with both passes together,', () => {
  test('gives each step its sigma, the next sigma, its time shifts and the guidance per frame', async () => {
    const { calls, networks } = aRecorder()
    const steps: number[] = []
    const options = optionsWith(networks, { onStep: (step) => steps.push(step) })
    expect(await denoise(NOISE, options)).toEqual(tensorOf([4, 5], [2, 1]))
    const common = { image_features: [7], guidance_scale: [1, 3] }
    expect(calls.map(({ inputs }) => inputs)).toEqual([
      { ...common, latents: [1, 2], sigma: [8], sigma_next: [4], spatial_shifts: [0.5] },
      { ...common, latents: [2, 3], sigma: [4], sigma_next: [2], spatial_shifts: [0.25] },
      { ...common, latents: [3, 4], sigma: [2], sigma_next: [0], spatial_shifts: [0.125] },
    ])
    expect(steps).toEqual([1, 2, 3])
  })

  test('gives no scale without guidance', async () => {
    const { calls, networks } = aRecorder()
    await denoise(NOISE, optionsWith(networks, { guidanceScale: null }))
    expect(Object.keys(calls[0]!.inputs)).not.toContain('guidance_scale')
  })
})

describe('denoise, with passes apart,', () => {
  test('runs both passes on the same latents and then combines them', async () => {
    const { calls, networks } = aRecorder()
    const result = await denoise(NOISE, optionsWith(networks, { conditioning: APART }))
    expect(result).toEqual(tensorOf([4, 5], [2, 1]))
    expect(calls).toHaveLength(9)
    const here = { latents: [2, 3], sigma: [4] }
    expect(calls.slice(3, 6)).toEqual([
      { network: 'predict', inputs: { ...here, spatial_shifts: [0.25], image_features: [0] } },
      { network: 'predict', inputs: { ...here, spatial_shifts: [0.25], image_features: [7] } },
      {
        network: 'guidedEulerStep',
        inputs: {
          ...here,
          sigma_next: [2],
          guidance_scale: [1, 3],
          unconditional_prediction: [0],
          conditional_prediction: [7],
        },
      },
    ])
  })
})

describe('an abort', () => {
  const reason = new Error('the lease was lost')

  test.each([
    { when: 'during the first of two passes', conditioning: APART, call: 1 },
    { when: 'during the first step', conditioning: TOGETHER, call: 1 },
    { when: 'during the second step', conditioning: TOGETHER, call: 2 },
  ])(
    'stops denoise before its next run, with the reason of the abort: $when',
    async ({ conditioning, call }) => {
      const controller = new AbortController()
      const { calls, networks } = aRecorder((count) => {
        if (count === call) controller.abort(reason)
      })
      const options = optionsWith(networks, { conditioning, signal: controller.signal })
      await expect(denoise(NOISE, options)).rejects.toBe(reason)
      expect(calls).toHaveLength(call)
    },
  )

  test('prevents all runs if it comes before the first step', async () => {
    const { calls, networks } = aRecorder()
    const options = optionsWith(networks, { signal: AbortSignal.abort(reason) })
    await expect(denoise(NOISE, options)).rejects.toBe(reason)
    expect(calls).toEqual([])
  })
})

test('denoise names the output that a network does not give', async () => {
  const networks = { ...NO_NETWORKS, denoiseStep: async () => ({}) }
  await expect(denoise(NOISE, optionsWith(networks))).rejects.toThrow('the network gave no next_latents')
})
