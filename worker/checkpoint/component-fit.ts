import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { ClipVisionConfig } from './clip-vision-config.ts'
import { type Fault, throwFaults } from './faults.ts'
import type { UNetConfig } from './unet-config.ts'
import type { VaeConfig } from './vae-config.ts'

interface Networks {
  readonly unet: UNetConfig
  readonly vae: VaeConfig
  readonly imageEncoder: ClipVisionConfig
}

/**
 * Side in pixels of the square that CLIP reads: the reference pipeline resizes every image to it, and the image
 * encoder takes no other size than its own.
 */
export const CLIP_IMAGE_SIZE = 224

/** The three networks pass tensors to each other: throws InvalidInputError where their widths differ. */
export const assertComponentsFit = ({ unet, vae, imageEncoder }: Networks): void => {
  const faults: Fault[] = []
  const demand = (field: string, value: number, expected: number, reason: string): void => {
    if (value !== expected) faults.push({ field, message: `is ${value}; must be ${expected}: ${reason}` })
  }
  const { latentChannels } = vae
  demand(
    'in_channels',
    unet.inChannels,
    2 * latentChannels,
    `noisy latents and image latents of ${latentChannels} channels each (vae/config.json: latent_channels)`,
  )
  demand('out_channels', unet.outChannels, latentChannels, 'vae/config.json: latent_channels')
  for (const width of new Set(attendedContextWidths(unet))) {
    demand(
      'cross_attention_dim',
      width,
      imageEncoder.projectionDim,
      'the UNet attends to the image embedding (image_encoder/config.json: projection_dim)',
    )
  }
  throwFaults('unet/config.json', faults)
  if (imageEncoder.imageSize !== CLIP_IMAGE_SIZE) {
    throw new InvalidInputError(
      'image_encoder/config.json: image_size',
      `is ${imageEncoder.imageSize}; supported: ${CLIP_IMAGE_SIZE}, to which the pipeline resizes every image`,
    )
  }
}

const attendedContextWidths = ({
  crossAttentionDim,
  downBlockTypes,
  upBlockTypes,
}: UNetConfig): readonly number[] =>
  crossAttentionDim.filter(
    (_, level) =>
      level === crossAttentionDim.length - 1 || // the mid block
      downBlockTypes[level] === 'CrossAttnDownBlockSpatioTemporal' ||
      upBlockTypes[upBlockTypes.length - 1 - level] === 'CrossAttnUpBlockSpatioTemporal',
  )
