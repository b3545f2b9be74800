import type * as target from '../target.ts'
import type { Sum } from './sum.ts'

/*
 * Maps and tokens of the CUDA target have their channels last, so that images, clips and tokens are views of the same
 * bytes. In temporal order the pixel comes first, and the frames of all clips follow each other within it.
 */

export interface CudaFeatureMap<Kind extends 'images' | 'clips' = 'images' | 'clips'>
  extends target.FeatureMap<Kind> {
  /** [clips·frames, H, W, C]; C may be padded beyond `channels`. */
  readonly sum: Sum
}

export type CudaImages = CudaFeatureMap<'images'>
export type CudaClips = CudaFeatureMap<'clips'>

export interface CudaTokens extends target.Tokens {
  /** In spatial order [rows, length, C], in temporal order [pixels, clips·frames, C]. */
  readonly sum: Sum
  readonly order: 'spatial' | 'temporal'
}

export interface CudaConv2d extends target.Conv2d {
  readonly residual?: CudaImages
}

export interface CudaTemporalConv extends target.TemporalConv {
  readonly blend?: { readonly mix: target.Mix; readonly residual: CudaClips }
}

export interface CudaGroupNorm extends target.GroupNorm {
  readonly shift?: CudaTokens | null
}

export type CudaLinear = target.Linear & { readonly residual?: CudaTokens }

export interface CudaFeedForward extends target.FeedForward {
  readonly residual: CudaTokens
}

/** One row of tokens [1, n, C]. */
export const oneRow = (sum: Sum): CudaTokens => {
  const [, length = 0, channels = 0] = sum.product.shape
  return { rows: 1, length, channels, sum, order: 'spatial' }
}

export const imagesOf = (
  sum: Sum,
  like: Pick<CudaFeatureMap, 'clips' | 'frames'>,
  channels: number,
): CudaImages => {
  const [, height = 0, width = 0] = sum.product.shape
  const { clips, frames } = like
  return { kind: 'images', clips, frames, channels, height, width, sum }
}

/** Channels of a map in memory, padding included. */
export const storedChannels = ({ sum }: CudaFeatureMap): number => sum.product.shape[3] ?? 0
