import { type RenderParameters, usesGuidance } from '../../shared/contracts/render-parameters.ts'
import type { RgbImage } from '../../shared/image/rgb-image.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import type { Precision } from '../compiler/targets/clip-targets.ts'
import type { Tensor } from '../engine/tensor.ts'
import type { ClipNetworks, Tensors } from './clip-networks.ts'
import { toClipInput } from './image/clip-input.ts'
import { toVaeInput } from './image/vae-input.ts'
import { roundTo } from './precision.ts'
import type { TorchGenerator } from './random/torch-generator.ts'

/** The image that a clip begins with, in the two forms that the networks read. */
export interface ClipImages {
  /** The upright image at its own size, for CLIP. */
  readonly source: RgbImage
  /** The image at the clip's size (see `fitImage`), for the VAE. */
  readonly fitted: RgbImage
}

/** Inputs of the steps that depend on the image, for both passes together or for each pass on its own. */
type ImageConditioning =
  | { readonly passes: 'together'; readonly tensors: Tensors }
  | { readonly passes: 'apart'; readonly unconditional: Tensors; readonly conditional: Tensors }

/** `timeShifts` has a row of each tensor for every step. */
export type ClipConditioning = ImageConditioning & { readonly timeShifts: Tensors }

const zerosLike = ({ data, shape }: Tensor): Tensor => ({ data: new Float32Array(data.length), shape })

const stack = (first: Tensor, second: Tensor): Tensor => {
  const data = new Float32Array(first.data.length + second.data.length)
  data.set(first.data)
  data.set(second.data, first.data.length)
  const [rows = 0, ...rest] = first.shape
  return { data, shape: [rows + (second.shape[0] ?? 0), ...rest] }
}

/** image + strength · noise; the noise is drawn even at strength 0, as the reference's stream of draws has it. */
const addNoise = (image: Tensor, strength: number, generator: TorchGenerator): Tensor => {
  const noise = generator.randn(image.data.length, 'float32')
  const factor = Math.fround(strength)
  return { ...image, data: image.data.map((value, i) => value + Math.fround(factor * (noise[i] ?? 0))) }
}

/**
 * Everything before the first step: CLIP's embedding of the original image, the VAE's latents of the fitted and
 * noised one, and what the UNet makes of them and of the `timesteps` once for all steps. Takes the first draw of the
 * generator.
 */
export const conditionClip = async (
  { source, fitted }: ClipImages,
  parameters: RenderParameters,
  {
    checkpoint,
    networks,
    timesteps,
    generator,
    apart,
    precision,
    signal,
  }: {
    readonly checkpoint: Checkpoint
    readonly networks: ClipNetworks
    readonly timesteps: Float32Array
    readonly generator: TorchGenerator
    /** Whether guidance's two passes run one after the other. */
    readonly apart: boolean
    readonly precision: Precision
    readonly signal: AbortSignal
  },
): Promise<ClipConditioning> => {
  const pixels = toClipInput(source, checkpoint.featureExtractor)
  const { image_embeds } = await networks.encodeImage({ pixel_values: pixels })
  signal.throwIfAborted()
  const noisy = addNoise(toVaeInput(fitted), parameters.noiseAugStrength, generator)
  const { image_latents } = await networks.encodeVae({ image: noisy })
  signal.throwIfAborted()
  if (image_embeds === undefined || image_latents === undefined)
    throw new TypeError('an encoder gave no output')

  const embeds: Tensor = { ...image_embeds, shape: [1, 1, image_embeds.data.length] }
  const added_time_ids: Tensor = {
    data: Float32Array.of(parameters.fps - 1, parameters.motionBucketId, parameters.noiseAugStrength).map(
      (id) => roundTo(precision, id),
    ),
    shape: [1, 3],
  }
  const timeShifts = await networks.shiftTime(timesteps.length, {
    timesteps: { data: timesteps, shape: [timesteps.length, 1] },
    added_time_ids,
  })
  signal.throwIfAborted()
  const condition = (clips: 1 | 2, context: Tensor, latents: Tensor): Promise<Tensors> =>
    networks.condition(clips, { image_embeds: context, image_latents: latents })

  if (!usesGuidance(parameters)) {
    return { passes: 'together', timeShifts, tensors: await condition(1, embeds, image_latents) }
  }
  const noEmbeds = zerosLike(embeds)
  const noLatents = zerosLike(image_latents)
  if (apart) {
    return {
      passes: 'apart',
      timeShifts,
      unconditional: await condition(1, noEmbeds, noLatents),
      conditional: await condition(1, embeds, image_latents),
    }
  }
  return {
    passes: 'together',
    timeShifts,
    tensors: await condition(2, stack(noEmbeds, embeds), stack(noLatents, image_latents)),
  }
}
