import type { Graph } from '../graph/graph.ts'
import type { Value } from '../graph/value.ts'
import type { WeightTensor } from '../weights/weight-tensor.ts'

/**
 * Feature maps in the target's own memory layout. Networks see sizes only; `images` holds every frame as a picture
 * of its own (for 2D convolutions), `clips` holds frames side by side (for temporal ones).
 */
export interface FeatureMap<Kind extends 'images' | 'clips' = 'images' | 'clips'> {
  readonly kind: Kind
  readonly value: Value
  readonly clips: number
  readonly frames: number
  readonly channels: number
  readonly height: number
  readonly width: number
  /** Of `value` in memory, where a target has several; networks pass it on. */
  readonly layout?: 'nchw' | 'nchwc'
}

export type Images = FeatureMap<'images'>
export type Clips = FeatureMap<'clips'>

/** `rows` sequences of `length` tokens, as one matrix [rows·length, C] in every target. */
export interface Tokens {
  readonly value: Value
  readonly rows: number
  readonly length: number
}

export interface Affine {
  /** [C] */
  readonly weight: WeightTensor
  /** [C] */
  readonly bias: WeightTensor
}

export interface Linear {
  /** [out, in] */
  readonly weight: WeightTensor
  /** [out] */
  readonly bias: WeightTensor | null
}

export type BiasedLinear = Linear & { readonly bias: WeightTensor }

export interface Conv2d {
  /** [out, in, k, k] */
  readonly weight: WeightTensor
  readonly bias: WeightTensor | null
  readonly stride: number
  /** [top, left, bottom, right] */
  readonly padding: readonly [number, number, number, number]
  /** Added to the result; of its size. */
  readonly residual?: Images
}

export interface TemporalConv {
  /** [out, in, 3, 1, 1]: each frame with the one before and the one after, zeros beyond the ends. */
  readonly weight: WeightTensor
  readonly bias: WeightTensor
  /** residual + factor·result; `factor` has one element and comes from weights alone. */
  readonly blend?: { readonly factor: Value; readonly residual: Clips }
}

export interface GroupNorm extends Affine {
  readonly groups: number
  readonly epsilon: number
  readonly activation: 'none' | 'silu'
  /** Added to x before the statistics: [1, C] or [clips, C], the same for all frames and pixels. */
  readonly shift?: Value | null
}

/** What a network asks for; a target decides the ops and the layout. */
export interface Target {
  readonly name: string
  /** Type of activations. */
  readonly dtype: 'float32'

  /** Hidden layers of feed-forwards are worked on in pieces of at most this size, where memory is shared or slow. */
  readonly feedForwardPieceBytes: number | null

  /** Layers that see one image at a time work on no more images at once than have this size. */
  readonly imagePieceBytes: number

  /** A weight in the activations' type. */
  parameter(g: Graph, weight: WeightTensor): Value

  /** [clips·frames, C, H, W], as the outside world has it. */
  imagesFromNchw(g: Graph, x: Value, frames: number): Images
  imagesToNchw(g: Graph, x: Images): Value
  toClips(g: Graph, x: Images): Clips
  toImages(g: Graph, x: Clips): Images

  conv2d(g: Graph, x: Images, options: Conv2d): Images
  /** Nearest neighbour to height × width (twice the size, or one less where the skip was odd), then a 3×3 conv. */
  upsampleConv2d(g: Graph, x: Images, height: number, width: number, options: BiasedLinear): Images
  temporalConv(g: Graph, x: Clips, options: TemporalConv): Clips
  /** Statistics per image, or, on clips, over all frames of a clip. */
  groupNorm<Kind extends 'images' | 'clips'>(
    g: Graph,
    x: FeatureMap<Kind>,
    options: GroupNorm,
  ): FeatureMap<Kind>
  add<Kind extends 'images' | 'clips'>(g: Graph, a: FeatureMap<Kind>, b: FeatureMap<Kind>): FeatureMap<Kind>
  concatChannels(g: Graph, a: Images, b: Images): Images
  /** Images `from` to `to` (exclusive) of all frames of all clips, as one clip. */
  takeImages(g: Graph, x: Images, from: number, to: number): Images
  /** One after the other, as one clip. */
  joinImages(g: Graph, parts: readonly Images[]): Images
  /** One sequence per image: `rows` is clips·frames, `length` height·width. */
  toTokens(g: Graph, x: Images): Tokens
  /** Back to images of the same size as `like`. */
  toImagesFromTokens(g: Graph, tokens: Tokens, like: Images): Images
  /** One sequence per image → one per place: rows clips·frames → clips·places, length places → frames. */
  toTemporalTokens(g: Graph, tokens: Tokens, frames: number): Tokens
  toSpatialTokens(g: Graph, tokens: Tokens, clips: number): Tokens

  /* Of matrices [n, C]. */
  linear(g: Graph, x: Value, options: Linear): Value
  layerNorm(g: Graph, x: Value, options: Affine & { readonly epsilon: number }): Value
  /** hidden·gelu(gate), where [hidden, gate] = linear(x): diffusers' GEGLU. */
  geglu(g: Graph, x: Value, options: BiasedLinear): Value
  /** Softmax attention within each of `rows` sequences; q, k and v are [rows·length, C]. */
  attention(
    g: Graph,
    q: Value,
    k: Value,
    v: Value,
    options: { readonly rows: number; readonly heads: number },
  ): Value
}
