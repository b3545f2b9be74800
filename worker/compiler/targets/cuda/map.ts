import type * as target from '../target.ts'
import type { Sum } from './sum.ts'

/*
 * Maps and tokens of the CUDA target have their channels last, so that images, clips and tokens are views of the same
 * bytes. In temporal order the pixel comes first, and the frames of all clips follow each other within it.
 */

export interface FeatureMap<Kind extends 'images' | 'clips' = 'images' | 'clips'>
  extends target.FeatureMap<Kind> {
  /** [clips·frames, H, W, C]; C may be padded beyond `channels`. */
  readonly sum: Sum
}

export type Images = FeatureMap<'images'>
export type Clips = FeatureMap<'clips'>

export interface Tokens extends target.Tokens {
  /** In spatial order [rows, length, C], in temporal order [pixels, clips·frames, C]. */
  readonly sum: Sum
  readonly order: 'spatial' | 'temporal'
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

export type Linear = target.Linear & { readonly residual?: Tokens }

export interface FeedForward extends target.FeedForward {
  readonly residual: Tokens
}

/** One row of tokens [1, n, C]. */
export const oneRow = (sum: Sum): Tokens => {
  const [, length = 0, channels = 0] = sum.product.shape
  return { rows: 1, length, channels, sum, order: 'spatial' }
}

export const imagesOf = (sum: Sum, like: Pick<FeatureMap, 'clips' | 'frames'>, channels: number): Images => {
  const [, height = 0, width = 0] = sum.product.shape
  const { clips, frames } = like
  return { kind: 'images', clips, frames, channels, height, width, sum }
}

/** Channels of a map in memory, padding included. */
export const storedChannels = ({ sum }: FeatureMap): number => sum.product.shape[3] ?? 0
