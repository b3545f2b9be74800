import type { UNetConfig } from '../../checkpoint/unet-config.ts'

export interface AttentionShape {
  readonly channels: number
  readonly heads: number
  readonly layers: number
  readonly crossAttentionDim: number
}

export interface ResnetShape {
  readonly inChannels: number
  readonly outChannels: number
  readonly epsilon: number
}

export interface UNetBlock {
  readonly path: readonly (string | number)[]
  readonly resnets: readonly ResnetShape[]
  /** Attention after each ResNet (in the mid block: between the two); `null` for a block without attention. */
  readonly attention: AttentionShape | null
  /** A convolution with stride 2 (down) or an upsampling one (up) at the end. */
  readonly resamples: boolean
}

export interface UNetBlocks {
  readonly down: readonly UNetBlock[]
  readonly mid: UNetBlock
  readonly up: readonly UNetBlock[]
}

/* The reference passes 1e-5 to the mid block and to down blocks without attention; the other blocks keep their own 1e-6. */
const EPSILON_PLAIN = 1e-5
const EPSILON_DEFAULT = 1e-6

const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index]
  if (item === undefined) throw new RangeError(`no item ${index} in a list of ${list.length}`)
  return item
}

/** Channels, heads and skips of every block of UNetSpatioTemporalConditionModel, in the order in which they run. */
export const unetBlocks = (config: UNetConfig): UNetBlocks => {
  const {
    blockOutChannels,
    layersPerBlock,
    numAttentionHeads,
    crossAttentionDim,
    transformerLayersPerBlock,
  } = config
  const levels = blockOutChannels.length
  const attention = (level: number): AttentionShape => ({
    channels: at(blockOutChannels, level),
    heads: at(numAttentionHeads, level),
    layers: at(transformerLayersPerBlock, level),
    crossAttentionDim: at(crossAttentionDim, level),
  })

  const down = blockOutChannels.map((outChannels, level): UNetBlock => {
    const withAttention = at(config.downBlockTypes, level) === 'CrossAttnDownBlockSpatioTemporal'
    const inChannels = blockOutChannels[level - 1] ?? at(blockOutChannels, 0)
    return {
      path: ['down_blocks', level],
      resnets: Array.from({ length: at(layersPerBlock, level) }, (_, i) => ({
        inChannels: i === 0 ? inChannels : outChannels,
        outChannels,
        epsilon: withAttention ? EPSILON_DEFAULT : EPSILON_PLAIN,
      })),
      attention: withAttention ? attention(level) : null,
      resamples: level < levels - 1,
    }
  })

  const last = at(blockOutChannels, levels - 1)
  const midResnet: ResnetShape = { inChannels: last, outChannels: last, epsilon: EPSILON_PLAIN }
  const mid: UNetBlock = {
    path: ['mid_block'],
    resnets: [midResnet, midResnet],
    attention: attention(levels - 1),
    resamples: false,
  }

  const up = blockOutChannels.map((_, index): UNetBlock => {
    const level = levels - 1 - index
    const outChannels = at(blockOutChannels, level)
    const previous = blockOutChannels[level + 1] ?? last
    const skipBelow = blockOutChannels[level - 1] ?? at(blockOutChannels, 0)
    const count = at(layersPerBlock, level) + 1
    return {
      path: ['up_blocks', index],
      resnets: Array.from({ length: count }, (_, i) => ({
        inChannels: (i === 0 ? previous : outChannels) + (i === count - 1 ? skipBelow : outChannels),
        outChannels,
        epsilon: EPSILON_DEFAULT,
      })),
      attention:
        at(config.upBlockTypes, index) === 'CrossAttnUpBlockSpatioTemporal' ? attention(level) : null,
      resamples: level > 0,
    }
  })

  return { down, mid, up }
}

export const timeEmbedDimOf = (config: UNetConfig): number => (config.blockOutChannels[0] ?? 0) * 4

/** The mid block has one attention between its two ResNets; the others one after each. */
export const attentionCount = (block: UNetBlock): number => {
  if (block.attention === null) return 0
  return block.path[0] === 'mid_block' ? block.resnets.length - 1 : block.resnets.length
}

const inOrder = (config: UNetConfig): readonly UNetBlock[] => {
  const { down, mid, up } = unetBlocks(config)
  return [...down, mid, ...up]
}

export interface UNetAttention extends AttentionShape {
  /** Path in the checkpoint. */
  readonly path: string
}

/** Every attention, in the order in which they run. */
export const unetAttentions = (config: UNetConfig): readonly UNetAttention[] =>
  inOrder(config).flatMap((block) => {
    const { attention, path } = block
    if (attention === null) return []
    return Array.from({ length: attentionCount(block) }, (_, i) => ({
      ...attention,
      path: [...path, 'attentions', i].join('.'),
    }))
  })

export interface UNetResnet {
  /** Path in the checkpoint. */
  readonly path: string
  /** Channels of its result. */
  readonly channels: number
}

/** Every spatio-temporal ResNet, in the order in which they run. */
export const unetResnets = (config: UNetConfig): readonly UNetResnet[] =>
  inOrder(config).flatMap(({ path, resnets }) =>
    resnets.map(({ outChannels }, i) => ({ path: [...path, 'resnets', i].join('.'), channels: outChannels })),
  )

/** The mid block attends, with the last level's width; all that attend have the same (see checkpoint/component-fit.ts). */
export const attentionDimOf = ({ crossAttentionDim }: UNetConfig): number => crossAttentionDim.at(-1) ?? 0
