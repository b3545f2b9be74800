import { z } from 'zod'
import {
  acceptFields,
  blockTypes,
  channelsPerLevel,
  field,
  only,
  readConfigFields,
  type Values,
  wholeNumber,
  wholeNumberPerLevel,
} from './config-fields.ts'
import type { Fault } from './faults.ts'
import { lengthFaults, perLevel } from './level-lists.ts'

const DOWN_BLOCK_TYPES = ['CrossAttnDownBlockSpatioTemporal', 'DownBlockSpatioTemporal'] as const
const UP_BLOCK_TYPES = ['CrossAttnUpBlockSpatioTemporal', 'UpBlockSpatioTemporal'] as const

export type DownBlockType = (typeof DOWN_BLOCK_TYPES)[number]
export type UpBlockType = (typeof UP_BLOCK_TYPES)[number]

/** UNetSpatioTemporalConditionModel. Lists have one entry per level, finest first; up block types coarsest first. */
export interface UNetConfig {
  readonly inChannels: number
  readonly outChannels: number
  readonly blockOutChannels: readonly number[]
  readonly downBlockTypes: readonly DownBlockType[]
  /** Block types in the order in which they run: the coarsest level first, as in config.json. */
  readonly upBlockTypes: readonly UpBlockType[]
  /** Layer counts of the down blocks; each up block has one layer more. */
  readonly layersPerBlock: readonly number[]
  readonly numAttentionHeads: readonly number[]
  readonly transformerLayersPerBlock: readonly number[]
  readonly crossAttentionDim: readonly number[]
  readonly additionTimeEmbedDim: number
  /** Always 3 x additionTimeEmbedDim: fps, motion bucket and noise augmentation. */
  readonly projectionClassEmbeddingsInputDim: number
  /** The frames it was trained on, and the number made unless the job says another. */
  readonly numFrames: number
  /** Latent size it was trained on, [height, width]. The pipeline does not use it. */
  readonly sampleSize: readonly [number, number] | null
}

/** Absent fields: the arguments of diffusers 0.42.1 `UNetSpatioTemporalConditionModel.__init__`. */
const FIELDS = {
  _class_name: only('UNetSpatioTemporalConditionModel'),
  in_channels: wholeNumber(8),
  out_channels: wholeNumber(4),
  down_block_types: blockTypes(DOWN_BLOCK_TYPES, [
    'CrossAttnDownBlockSpatioTemporal',
    'CrossAttnDownBlockSpatioTemporal',
    'CrossAttnDownBlockSpatioTemporal',
    'DownBlockSpatioTemporal',
  ]),
  up_block_types: blockTypes(UP_BLOCK_TYPES, [
    'UpBlockSpatioTemporal',
    'CrossAttnUpBlockSpatioTemporal',
    'CrossAttnUpBlockSpatioTemporal',
    'CrossAttnUpBlockSpatioTemporal',
  ]),
  block_out_channels: channelsPerLevel([320, 640, 1280, 1280]),
  addition_time_embed_dim: field(
    z.int().min(2).max(65_536).multipleOf(2),
    'an even number from 2 to 65536 (half sines, half cosines)',
    256,
  ),
  projection_class_embeddings_input_dim: wholeNumber(768),
  layers_per_block: wholeNumberPerLevel(2),
  cross_attention_dim: wholeNumberPerLevel(1024),
  transformer_layers_per_block: wholeNumberPerLevel(1),
  num_attention_heads: wholeNumberPerLevel([5, 10, 20, 20]),
  num_frames: wholeNumber(25),
  sample_size: field(
    z.union([z.null(), z.int().positive(), z.tuple([z.int().positive(), z.int().positive()])]),
    'null, a whole number from 1 up, or [height, width]',
    null,
  ),
  // Arguments of the other UNets, fixed in this one: sound with the value it has, otherwise another model.
  act_fn: only('silu'),
  attention_type: only('default'),
  norm_num_groups: only(32),
  resnet_time_scale_shift: only('default'),
  upcast_attention: only(false),
} as const

/** Used in training only. */
const WITHOUT_EFFECT = ['dropout']

const headFaults = (values: Partial<Values<typeof FIELDS>>): Fault[] => {
  const {
    block_out_channels: channels,
    num_attention_heads: given,
    down_block_types: down,
    up_block_types: up,
  } = values
  if (channels === undefined || given === undefined || down === undefined || up === undefined) return []
  const heads = perLevel(given, channels.length)
  return channels.flatMap((width, level) => {
    const attends =
      level === channels.length - 1 || // the mid block
      down[level]?.startsWith('CrossAttn') ||
      up[channels.length - 1 - level]?.startsWith('CrossAttn')
    const count = heads[level]
    if (!attends || count === undefined || width % count === 0) return []
    const message = `has ${count} heads at level ${level}, which do not divide its ${width} channels (block_out_channels)`
    return [{ field: 'num_attention_heads', message }]
  })
}

const ruleFaults = (values: Partial<Values<typeof FIELDS>>): Fault[] => {
  const faults = lengthFaults(values.block_out_channels?.length, {
    down_block_types: values.down_block_types,
    up_block_types: values.up_block_types,
    layers_per_block: values.layers_per_block,
    cross_attention_dim: values.cross_attention_dim,
    transformer_layers_per_block: values.transformer_layers_per_block,
    num_attention_heads: values.num_attention_heads,
  })
  faults.push(...headFaults(values))
  const { addition_time_embed_dim: embedding, projection_class_embeddings_input_dim: projection } = values
  if (embedding !== undefined && projection !== undefined && projection !== 3 * embedding) {
    faults.push({
      field: 'projection_class_embeddings_input_dim',
      message: `is ${projection}; must be 3 x addition_time_embed_dim = ${3 * embedding} (fps, motion bucket, noise augmentation)`,
    })
  }
  return faults
}

/** Parses `unet/config.json`. Throws InvalidInputError that tells all its faults. */
export const parseUnetConfig = (json: unknown, file = 'unet/config.json'): UNetConfig => {
  const { values, faults } = readConfigFields(file, json, FIELDS, WITHOUT_EFFECT)
  const fields = acceptFields(file, { values, faults: [...faults, ...ruleFaults(values)] })
  const levels = fields.block_out_channels.length
  const { sample_size: size } = fields
  return {
    inChannels: fields.in_channels,
    outChannels: fields.out_channels,
    blockOutChannels: fields.block_out_channels,
    downBlockTypes: fields.down_block_types,
    upBlockTypes: fields.up_block_types,
    layersPerBlock: perLevel(fields.layers_per_block, levels),
    numAttentionHeads: perLevel(fields.num_attention_heads, levels),
    transformerLayersPerBlock: perLevel(fields.transformer_layers_per_block, levels),
    crossAttentionDim: perLevel(fields.cross_attention_dim, levels),
    additionTimeEmbedDim: fields.addition_time_embed_dim,
    projectionClassEmbeddingsInputDim: fields.projection_class_embeddings_input_dim,
    numFrames: fields.num_frames,
    sampleSize: typeof size === 'number' ? [size, size] : size,
  }
}
