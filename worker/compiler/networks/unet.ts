import type { UNetConfig } from '../../checkpoint/unet-config.ts'
import { bindConv, bindNorm } from '../layers/parameters.ts'
import { NORM_GROUPS } from '../layers/resnet-block-2d.ts'
import { into, type Scope } from '../layers/scope.ts'
import { spatioTemporalResBlock } from '../layers/spatio-temporal-res-block.ts'
import { transformerSpatioTemporal } from '../layers/transformer-spatio-temporal.ts'
import type { Images } from '../targets/target.ts'
import { attentionCount, type UNetBlock, unetBlocks } from './unet-blocks.ts'
import type { UNetConditioning } from './unet-conditioning.ts'

const OUT_EPSILON = 1e-5

export interface UNetInputs {
  /** conv_in's output. */
  readonly features: Images
  readonly conditioning: UNetConditioning
}

const recordBlock = (scope: Scope, block: UNetBlock, feedForwardChunks: number) => {
  const resnets = block.resnets.map(({ epsilon, ...channels }, i) => {
    const at = into(scope, 'resnets', i)
    const config = { ...channels, epsilon, temporalEpsilon: epsilon, switchedMix: false }
    const apply = spatioTemporalResBlock(at, config)
    return (x: Images, conditioning: UNetConditioning): Images => apply(x, conditioning.shifts(at.w.path))
  })
  const { attention } = block
  const attentions = Array.from({ length: attentionCount(block) }, (_, i) => {
    if (attention === null) return (x: Images): Images => x
    const at = into(scope, 'attentions', i)
    const apply = transformerSpatioTemporal(at, { ...attention, feedForwardChunks })
    return (x: Images, conditioning: UNetConditioning): Images =>
      apply(x, conditioning.transformer(at.w.path))
  })
  return { resnets, attentions }
}

/** UNetSpatioTemporalConditionModel from behind conv_in to its output, all that depends on the step. */
export const unet = (
  scope: Scope,
  config: UNetConfig,
  { feedForwardChunks }: { readonly feedForwardChunks: number },
) => {
  const { g, target, w } = scope
  const blocks = unetBlocks(config)
  const record = (block: UNetBlock) => recordBlock(into(scope, ...block.path), block, feedForwardChunks)
  const conv = (block: UNetBlock, kind: 'downsamplers' | 'upsamplers') => {
    const channels = block.resnets.at(-1)?.outChannels ?? 0
    return block.resamples ? bindConv(w.at(...block.path, kind, 0, 'conv'), channels, channels, 3) : null
  }
  const down = blocks.down.map((block) => ({ ...record(block), downsample: conv(block, 'downsamplers') }))
  const mid = record(blocks.mid)
  const up = blocks.up.map((block) => ({ ...record(block), upsample: conv(block, 'upsamplers') }))
  const normOut = bindNorm(w.at('conv_norm_out'), config.blockOutChannels[0] ?? 0)
  const convOut = bindConv(w.at('conv_out'), config.blockOutChannels[0] ?? 0, config.outChannels, 3)

  return ({ features, conditioning }: UNetInputs): Images => {
    let x = features
    const skips = [x]
    for (const { resnets, attentions, downsample } of down) {
      resnets.forEach((resnet, i) => {
        x = resnet(x, conditioning)
        x = attentions[i]?.(x, conditioning) ?? x
        skips.push(x)
      })
      if (downsample !== null) {
        x = target.conv2d(g, x, { ...downsample, stride: 2, padding: [1, 1, 1, 1] })
        skips.push(x)
      }
    }
    mid.resnets.forEach((resnet, i) => {
      x = resnet(x, conditioning)
      x = mid.attentions[i]?.(x, conditioning) ?? x
    })
    for (const { resnets, attentions, upsample } of up) {
      resnets.forEach((resnet, i) => {
        const skip = skips.pop()
        if (skip === undefined)
          throw new RangeError('more ResNets on the way up than skips from the way down')
        x = resnet(target.concatChannels(g, x, skip), conditioning)
        x = attentions[i]?.(x, conditioning) ?? x
      })
      const skip = skips.at(-1)
      if (upsample !== null && skip !== undefined) {
        x = target.upsampleConv2d(g, x, skip.height, skip.width, upsample)
      }
    }
    const normalized = target.groupNorm(g, x, {
      ...normOut,
      groups: NORM_GROUPS,
      epsilon: OUT_EPSILON,
      activation: 'silu',
    })
    return target.conv2d(g, normalized, { ...convOut, stride: 1, padding: [1, 1, 1, 1] })
  }
}
