import type { Value } from '../graph/value.ts'
import type * as target from './target.ts'

/* Maps and tokens as both layouts of the CPU keep them: with the graph's value that holds their numbers. */

export interface CpuFeatureMap<Kind extends 'images' | 'clips' = 'images' | 'clips'>
  extends target.FeatureMap<Kind> {
  readonly value: Value
  /** Order of `value` in memory: plain, or in blocks of channels. */
  readonly layout: 'nchw' | 'nchwc'
}

export type CpuImages = CpuFeatureMap<'images'>
export type CpuClips = CpuFeatureMap<'clips'>

export interface CpuTokens extends target.Tokens {
  /** [rows·length, C] */
  readonly value: Value
}

export interface CpuConv2d extends target.Conv2d {
  readonly residual?: CpuImages
}

export interface CpuTemporalConv extends target.TemporalConv {
  readonly blend?: { readonly mix: target.Mix; readonly residual: CpuClips }
}

export interface CpuGroupNorm extends target.GroupNorm {
  readonly shift?: CpuTokens | null
}
