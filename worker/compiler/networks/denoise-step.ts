import type { UNetConfig } from '../../checkpoint/unet-config.ts'
import { eulerStep, guide, scaleModelInput, splitPasses } from '../float32/euler-step.ts'
import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import { bindConv } from '../layers/parameters.ts'
import type { Scope } from '../layers/scope.ts'
import type { Images } from '../targets/target.ts'
import { unet } from './unet.ts'
import { attentionDimOf } from './unet-blocks.ts'
import {
  activatedTime,
  CONTEXT_INPUTS,
  inputContexts,
  inputShifts,
  outputRows,
  recordConditioning,
  recordContexts,
  recordShifts,
  SHIFT_INPUTS,
  shiftFlops,
  timeEmbeddingFlops,
} from './unet-conditioning.ts'

/*
 * One step of the reference's loop, cut so that nothing is computed twice:
 *
 *   conditioning (once a clip)              denoise_step (every step)
 *   image_embeds ─▶ to_out·to_v of every    latents ─▶ /√(σ²+1) ─▶ conv_in (latent half, one clip)
 *     attn2                                    + image_features ─▶ UNet, unconditional and conditional
 *   image_latents ─▶ conv_in (image half)      ─▶ guidance ─▶ Euler ─▶ latents
 *
 *   time_shifts (once a clip, all steps)
 *   timesteps, added_time_ids ─▶ embeddings ─▶ time_emb_proj of every ResNet
 */

export interface LatentClipSize {
  readonly frames: number
  /** Size of the latents. */
  readonly height: number
  readonly width: number
}

export interface StepOptions extends LatentClipSize {
  readonly feedForwardChunks: number
  /** 2 runs the unconditional and the conditional pass together, 1 one of them. */
  readonly clips: 1 | 2
}

const IMAGE_FEATURES = 'image_features'

const convInHalves = ({ g, target, w }: Scope, config: UNetConfig) => {
  const { inChannels, outChannels: latentChannels } = config
  const { weight, bias } = bindConv(w.at('conv_in'), inChannels, config.blockOutChannels[0] ?? 0, 3)
  const same = { weight, stride: 1, padding: [1, 1, 1, 1] } as const
  return {
    latents: (x: Images): Images =>
      target.conv2d(g, x, { ...same, bias, inChannels: { from: 0, to: latentChannels } }),
    image: (x: Images): Images =>
      target.conv2d(g, x, { ...same, bias: null, inChannels: { from: latentChannels, to: inChannels } }),
  }
}

const convInAvoided = (config: UNetConfig, { clips, frames, height, width }: StepOptions): number => {
  const perImage = 2 * 9 * (config.blockOutChannels[0] ?? 0) * height * width
  return perImage * frames * (config.inChannels * clips - config.outChannels)
}

/** Inputs `image_embeds` and `image_latents`; outputs all that the steps need of the image. */
export const recordConditioningGraph = (scope: Scope, config: UNetConfig, size: StepOptions): void => {
  const { g, target } = scope
  const { clips, height, width } = size
  const latentChannels = config.inChannels - config.outChannels
  const embeds = g.input('image_embeds', [clips, 1, attentionDimOf(config)])
  const imageLatents = g.input('image_latents', [clips, latentChannels, height, width])
  outputRows(scope, CONTEXT_INPUTS, recordContexts(scope, config, target.tokensFromMatrix(g, embeds, 1)))
  const images = target.imagesFromNchw(g, imageLatents, 1)
  target.outputImages(g, IMAGE_FEATURES, convInHalves(scope, config).image(images))
}

/** Inputs `timesteps` [steps, 1] and `added_time_ids` [1, 3]; outputs the shifts of all steps, a row for each. */
export const recordTimeShifts = (scope: Scope, config: UNetConfig, steps: number): void => {
  const { g } = scope
  const timesteps = g.input('timesteps', [steps, 1])
  const addedTimeIds = g.input('added_time_ids', [1, 3])
  const time = activatedTime(scope, config, { timesteps, addedTimeIds })
  outputRows(scope, SHIFT_INPUTS, recordShifts(scope, config, time))
}

/** latents/√(σ²+1) through the UNet: the model's v prediction for `clips` passes, [clips·frames, 4, h, w]. */
const recordPrediction = (scope: Scope, config: UNetConfig, options: StepOptions, scaled: Value): Value => {
  const { g, target } = scope
  const { clips, frames, height, width } = options
  const channels = config.blockOutChannels[0] ?? 0
  const imageFeatures = target.inputImages(g, IMAGE_FEATURES, { clips, frames: 1, channels, height, width })
  const contexts = inputContexts(scope, config, options)
  const shifts = inputShifts(scope, config, options)
  const conditioning = recordConditioning(scope, config, { contexts, shifts, frames })
  const body = unet(scope, config, options)

  const latentFeatures = convInHalves(scope, config).latents(target.imagesFromNchw(g, scaled, frames))
  const features = target.addFramesToClips(g, latentFeatures, imageFeatures)
  g.avoid('conv_in over the image latents and over both passes', convInAvoided(config, options))
  g.avoid('time embeddings, which all steps have from one run', timeEmbeddingFlops(config) * clips)
  g.avoid('time projections of the ResNets, which all steps have from one run', shiftFlops(config))
  return target.imagesToNchw(g, body({ features, conditioning }))
}

const latentShape = (config: UNetConfig, { frames, height, width }: LatentClipSize): readonly number[] => [
  frames,
  config.outChannels,
  height,
  width,
]

const sigmaNext = (g: Graph): Value => g.input('sigma_next', [1])
const guidanceScale = (g: Graph, frames: number): Value => g.input('guidance_scale', [frames])

/** Latents in, latents out, float32: scaling, both passes, guidance and the Euler step in one graph. */
export const recordDenoiseStep = (scope: Scope, config: UNetConfig, options: StepOptions): void => {
  const { g } = scope
  const { frames, clips } = options
  const latents = g.input('latents', latentShape(config, options))
  const sigma = g.input('sigma', [1])
  const prediction = recordPrediction(scope, config, options, scaleModelInput(g, latents, sigma))
  const guided = clips === 1 ? prediction : guide(g, splitPasses(g, prediction), guidanceScale(g, frames))
  g.output('next_latents', eulerStep(g, latents, guided, { sigma, sigmaNext: sigmaNext(g) }))
}

/** One of the two passes alone: for cards (and machines) that cannot hold both. */
export const recordPredictionStep = (scope: Scope, config: UNetConfig, options: StepOptions): void => {
  const { g } = scope
  const latents = g.input('latents', latentShape(config, options))
  const sigma = g.input('sigma', [1])
  g.output('prediction', recordPrediction(scope, config, options, scaleModelInput(g, latents, sigma)))
}

/** Guidance over the two passes' predictions, then the Euler step. */
export const recordGuidedEulerStep = (g: Graph, config: UNetConfig, size: LatentClipSize): void => {
  const shape = latentShape(config, size)
  const latents = g.input('latents', shape)
  const sigma = g.input('sigma', [1])
  const unconditional = g.input('unconditional_prediction', shape)
  const conditional = g.input('conditional_prediction', shape)
  const guided = guide(g, { unconditional, conditional }, guidanceScale(g, size.frames))
  g.output('next_latents', eulerStep(g, latents, guided, { sigma, sigmaNext: sigmaNext(g) }))
}
