import type { Value } from '../graph/value.ts'
import type * as target from './target.ts'

/* Maps and tokens as both layouts of the CPU keep them: with the graph's value that holds their numbers. */

export interface FeatureMap<Kind extends 'images' | 'clips' = 'images' | 'clips'>
  extends target.FeatureMap<Kind> {
  readonly value: Value
  /** Order of `value` in memory: plain, or in blocks of channels. */
  readonly layout: 'nchw' | 'nchwc'
}

export type Images = FeatureMap<'images'>
export type Clips = FeatureMap<'clips'>

export interface Tokens extends target.Tokens {
  /** [rows·length, C] */
  readonly value: Value
}

export interface Conv2d extends target.Conv2d {
  readonly residual?: Images
}

export interface TemporalConv extends target.TemporalConv {
  readonly blend?: { readonly mix: target.Mix; readonly residual: Clips }
}

export interface GroupNorm extends target.GroupNorm {
  readonly shift?: Tokens | null
}
