import type { UNetConfig } from '../../checkpoint/unet-config.ts'
import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { bindConv } from '../layers/parameters.ts'
import type { Scope } from '../layers/scope.ts'
import { conv } from '../ops/conv.ts'
import { add, div, mul, silu, sqrt, sub } from '../ops/elementwise.ts'
import { expand, reshape, slice } from '../ops/shape.ts'
import { timeEmbedDimOf, unet } from './unet.ts'
import {
  addedIdsEmbedding,
  declareConditioning,
  recordConditioning,
  stepEmbedding,
} from './unet-conditioning.ts'

/*
 * One step of the reference's loop, cut so that nothing is computed twice:
 *
 *   conditioning (once a clip)            denoise_step (every step)
 *   image_embeds ─▶ to_out·to_v of every  latents ─▶ /√(σ²+1) ─▶ conv_in (latent half, one clip)
 *     attn2, frame positions                 + image_features ─▶ UNet, unconditional and conditional
 *   image_latents ─▶ conv_in (image half)    ─▶ guidance ─▶ Euler ─▶ latents
 *   added_time_ids ─▶ embedding
 */

export interface ClipSize {
  readonly frames: number
  /** Of the latents. */
  readonly height: number
  readonly width: number
}

export interface StepOptions extends ClipSize {
  readonly feedForwardChunks: number
  /** 2 runs the unconditional and the conditional pass together, 1 one of them. */
  readonly clips: 1 | 2
}

const convInHalves = ({ g, target, w }: Scope, config: UNetConfig) => {
  const channels = config.blockOutChannels[0] ?? 0
  const latentChannels = config.outChannels
  const { weight, bias } = bindConv(w.at('conv_in'), config.inChannels, channels, 3)
  const same = { strides: [1, 1], pads: [1, 1, 1, 1] }
  const half = (from: number, to: number): Value => slice(g, target.parameter(g, weight), 1, from, to)
  return {
    latents: (x: Value): Value =>
      conv(g, x, { weight: half(0, latentChannels), bias: bias && target.parameter(g, bias), ...same }),
    image: (x: Value): Value =>
      conv(g, x, { weight: half(latentChannels, config.inChannels), bias: null, ...same }),
  }
}

const convInAvoided = (config: UNetConfig, { clips, frames, height, width }: StepOptions): number => {
  const perImage = 2 * 9 * (config.blockOutChannels[0] ?? 0) * height * width
  return perImage * frames * (config.inChannels * clips - config.outChannels)
}

const embeddingAvoided = (config: UNetConfig, { clips }: StepOptions): number => {
  const dim = timeEmbedDimOf(config)
  const step = 2 * ((config.blockOutChannels[0] ?? 0) * dim + dim * dim)
  return step * (clips - 1) + 2 * (config.projectionClassEmbeddingsInputDim * dim + dim * dim) * clips
}

/** The mid block attends, with the last level's width; all that attend have the same (see checkpoint/component-fit.ts). */
const contextWidth = ({ crossAttentionDim }: UNetConfig): number => crossAttentionDim.at(-1) ?? 0

/** Inputs `image_embeds`, `image_latents`, `added_time_ids`; outputs all that the steps need and does not change. */
export const recordConditioningGraph = (scope: Scope, config: UNetConfig, size: StepOptions): void => {
  const { g } = scope
  const { clips, frames, height, width } = size
  const dim = contextWidth(config)
  const embeds = g.input('image_embeds', [clips, 1, dim])
  const imageLatents = g.input('image_latents', [
    clips,
    config.inChannels - config.outChannels,
    height,
    width,
  ])
  const addedTimeIds = g.input('added_time_ids', [1, 3])
  const { tensors } = recordConditioning(scope, config, reshape(g, embeds, [clips, dim]), { clips, frames })
  for (const [name, value] of tensors) g.output(name, value)
  g.output('image_features', convInHalves(scope, config).image(imageLatents))
  g.output('added_embedding', addedIdsEmbedding(scope, config)(addedTimeIds))
}

/** latents/√(σ²+1) through the UNet: the model's v prediction for `clips` passes, [clips·frames, 4, h, w]. */
const recordPrediction = (scope: Scope, config: UNetConfig, options: StepOptions, scaled: Value): Value => {
  const { g, target } = scope
  const { clips, frames, height, width } = options
  const channels = config.blockOutChannels[0] ?? 0
  const timestep = g.input('timestep', [1])
  const imageFeatures = g.input('image_features', [clips, channels, height, width])
  const addedEmbedding = g.input('added_embedding', [1, timeEmbedDimOf(config)])
  const conditioning = declareConditioning(g, config, { clips, frames })
  const body = unet(scope, config, options)

  const latentFeatures = convInHalves(scope, config).latents(scaled)
  const perFrame = reshape(g, latentFeatures, [1, frames, channels, height * width])
  const perClip = reshape(g, imageFeatures, [clips, 1, channels, height * width])
  const features = reshape(g, add(g, perFrame, perClip), [clips * frames, channels, height, width])
  const embedding = add(g, stepEmbedding(scope, config)(reshape(g, timestep, [1, 1])), addedEmbedding)
  g.avoid('conv_in over the image latents and over both passes', convInAvoided(config, options))
  g.avoid('time embeddings that both passes share or no step changes', embeddingAvoided(config, options))
  return target.imagesToNchw(
    g,
    body({
      features: target.imagesFromNchw(g, features, frames),
      activatedTime: silu(g, embedding),
      conditioning,
    }),
  )
}

const sigmaSquaredPlusOne = (g: Graph, sigma: Value): Value =>
  add(g, mul(g, sigma, sigma), g.inline(Float32Array.of(1), [1]))

const scaleModelInput = (g: Graph, latents: Value, sigma: Value): Value =>
  div(g, latents, sqrt(g, sigmaSquaredPlusOne(g, sigma)))

/** v prediction to x₀, then one Euler step from σ to σ_next: EulerDiscreteScheduler.step without churn. */
const eulerStep = (g: Graph, latents: Value, prediction: Value, sigma: Value): Value => {
  const sigmaNext = g.input('sigma_next', [1])
  const plusOne = sigmaSquaredPlusOne(g, sigma)
  const minusOne = g.inline(Float32Array.of(-1), [1])
  const fromPrediction = mul(g, prediction, mul(g, div(g, sigma, sqrt(g, plusOne)), minusOne))
  const denoised = add(g, fromPrediction, div(g, latents, plusOne))
  const derivative = div(g, sub(g, latents, denoised), sigma)
  return add(g, latents, mul(g, derivative, sub(g, sigmaNext, sigma)))
}

/** u + guidance·(c − u), one scale per frame. */
const guide = (g: Graph, unconditional: Value, conditional: Value, frames: number): Value => {
  const guidance = reshape(g, g.input('guidance_scale', [frames]), [frames, 1, 1, 1])
  return add(g, unconditional, mul(g, guidance, sub(g, conditional, unconditional)))
}

const latentShape = (config: UNetConfig, { frames, height, width }: ClipSize): readonly number[] => [
  frames,
  config.outChannels,
  height,
  width,
]

/** Latents in, latents out, float32: scaling, both passes, guidance and the Euler step in one graph. */
export const recordDenoiseStep = (scope: Scope, config: UNetConfig, options: StepOptions): void => {
  const { g } = scope
  const { frames, clips } = options
  const latents = g.input('latents', latentShape(config, options))
  const sigma = g.input('sigma', [1])
  const prediction = recordPrediction(scope, config, options, scaleModelInput(g, latents, sigma))
  const guided =
    clips === 1
      ? prediction
      : guide(g, slice(g, prediction, 0, 0, frames), slice(g, prediction, 0, frames, 2 * frames), frames)
  g.output('next_latents', eulerStep(g, latents, guided, sigma))
}

/** One of the two passes alone: for cards (and machines) that cannot hold both. */
export const recordPredictionStep = (scope: Scope, config: UNetConfig, options: StepOptions): void => {
  const { g } = scope
  const latents = g.input('latents', latentShape(config, options))
  const sigma = g.input('sigma', [1])
  g.output('prediction', recordPrediction(scope, config, options, scaleModelInput(g, latents, sigma)))
}

/** Guidance over the two passes' predictions, then the Euler step. */
export const recordGuidedEulerStep = (g: Graph, config: UNetConfig, size: ClipSize): void => {
  const shape = latentShape(config, size)
  const latents = g.input('latents', shape)
  const sigma = g.input('sigma', [1])
  const unconditional = g.input('unconditional_prediction', shape)
  const conditional = g.input('conditional_prediction', shape)
  g.output('next_latents', eulerStep(g, latents, guide(g, unconditional, conditional, size.frames), sigma))
}

/**
 * The UNet with the reference's own signature, for those who bring their own loop: `sample` [clips, F, 8, h, w],
 * `timestep` [1], `encoder_hidden_states` [clips, 1, D], `added_time_ids` [clips, 3] → `out_sample` [clips, F, 4, h, w].
 */
export const recordPlainUNet = (
  scope: Scope,
  config: UNetConfig,
  options: ClipSize & { readonly clips: number; readonly feedForwardChunks: number },
): void => {
  const { g, target } = scope
  const { clips, frames, height, width } = options
  const sample = g.input('sample', [clips, frames, config.inChannels, height, width])
  const timestep = g.input('timestep', [1])
  const context = g.input('encoder_hidden_states', [clips, 1, contextWidth(config)])
  const addedTimeIds = g.input('added_time_ids', [clips, 3])
  const convIn = bindConv(scope.w.at('conv_in'), config.inChannels, config.blockOutChannels[0] ?? 0, 3)
  const rows = reshape(g, context, [clips, contextWidth(config)])
  const { conditioning } = recordConditioning(scope, config, rows, { clips, frames })
  const body = unet(scope, config, options)

  const step = stepEmbedding(scope, config)(reshape(g, timestep, [1, 1]))
  const added = addedIdsEmbedding(scope, config)(addedTimeIds)
  const images = target.imagesFromNchw(
    g,
    reshape(g, sample, [clips * frames, ...sample.shape.slice(2)]),
    frames,
  )
  const out = body({
    features: target.conv2d(g, images, { ...convIn, stride: 1, padding: [1, 1, 1, 1] }),
    activatedTime: silu(g, add(g, expand(g, step, added.shape), added)),
    conditioning,
  })
  g.output(
    'out_sample',
    reshape(g, target.imagesToNchw(g, out), [clips, frames, config.outChannels, height, width]),
  )
}
