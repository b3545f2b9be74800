import { z } from 'zod'
import {
  acceptFields,
  blockTypes,
  channelsPerLevel,
  field,
  only,
  positiveNumber,
  readConfigFields,
  type Values,
  wholeNumber,
} from './config-fields.ts'
import type { Fault } from './faults.ts'
import { lengthFaults } from './level-lists.ts'

const MIN_LEVELS = 2
const MAX_LEVELS = 4

/** AutoencoderKLTemporalDecoder. The scale between pixels and latents is 2^(levels - 1). */
export interface VaeConfig {
  readonly inChannels: number
  readonly outChannels: number
  /** One per level, finest first; 2 to 4 levels. */
  readonly blockOutChannels: readonly number[]
  /** Layer count of an encoder block; a decoder block has one more. */
  readonly layersPerBlock: number
  readonly latentChannels: number
  /** The decoder takes latents divided by this; the encoder's mode is not multiplied by it. */
  readonly scalingFactor: number
  /** A float16 pipeline runs the encoder, and only it, in float32. */
  readonly forceUpcast: boolean
  /** Image size it was trained on. The pipeline does not use it. */
  readonly sampleSize: number
}

/** Absent fields: the arguments of diffusers 0.42.1 `AutoencoderKLTemporalDecoder.__init__`. */
const FIELDS = {
  _class_name: only('AutoencoderKLTemporalDecoder'),
  in_channels: only(3),
  out_channels: only(3),
  down_block_types: blockTypes(['DownEncoderBlock2D'], ['DownEncoderBlock2D']),
  block_out_channels: channelsPerLevel([64]),
  layers_per_block: wholeNumber(1),
  latent_channels: wholeNumber(4),
  sample_size: wholeNumber(32),
  scaling_factor: positiveNumber(0.18215),
  // The reference declares it as a float and tests its truth.
  force_upcast: field(z.union([z.boolean(), z.literal([0, 1])]), 'true or false', true),
  // Arguments of the other autoencoders, fixed in this one: sound with the value it has, otherwise another model.
  act_fn: only('silu'),
  norm_num_groups: only(32),
  mid_block_add_attention: only(true),
  use_quant_conv: only(true),
  use_post_quant_conv: only(false),
  latents_mean: only(null),
  latents_std: only(null),
  shift_factor: only(null),
} as const

const ruleFaults = (values: Partial<Values<typeof FIELDS>>): Fault[] => {
  const levels = values.block_out_channels?.length
  const faults = lengthFaults(levels, { down_block_types: values.down_block_types })
  if (levels !== undefined && (levels < MIN_LEVELS || levels > MAX_LEVELS)) {
    faults.push({
      field: 'block_out_channels',
      message: `has ${levels} level${levels === 1 ? '' : 's'}; supported: ${MIN_LEVELS} to ${MAX_LEVELS}`,
    })
  }
  return faults
}

/** Parses `vae/config.json`. Throws InvalidInputError that tells all its faults. */
export const parseVaeConfig = (json: unknown, file = 'vae/config.json'): VaeConfig => {
  const { values, faults } = readConfigFields(file, json, FIELDS)
  const fields = acceptFields(file, { values, faults: [...faults, ...ruleFaults(values)] })
  return {
    inChannels: fields.in_channels,
    outChannels: fields.out_channels,
    blockOutChannels: fields.block_out_channels,
    layersPerBlock: fields.layers_per_block,
    latentChannels: fields.latent_channels,
    scalingFactor: fields.scaling_factor,
    forceUpcast: Boolean(fields.force_upcast),
    sampleSize: fields.sample_size,
  }
}
