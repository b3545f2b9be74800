import type { Graph } from '../graph/graph.ts'
import type { DType, Value } from '../graph/value.ts'
import type { WeightTensor } from '../weights/weight-tensor.ts'

/*
 * Layers and networks are written in these verbs. They name the checkpoint's weights and the reference's arithmetic. A
 * target chooses ONNX ops, memory layout and where additions are made. Maps and tokens are opaque: only the target that
 * made them reads them. Values that cross the graph's boundary are float32.
 */

export interface FeatureMap<Kind extends 'images' | 'clips' = 'images' | 'clips'> {
  readonly kind: Kind
  readonly clips: number
  readonly frames: number
  readonly channels: number
  readonly height: number
  readonly width: number
}

/** Every frame is an image of its own, for 2D convolutions. */
export type Images = FeatureMap<'images'>
/** The frames of a clip lie side by side, for temporal convolutions. */
export type Clips = FeatureMap<'clips'>

/** `rows` sequences of `length` tokens, of `channels` numbers each. */
export interface Tokens {
  readonly rows: number
  readonly length: number
  readonly channels: number
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
  /** The image is added to the result and has its size. */
  readonly residual?: Images
  /** The kernel's input channels that `x` holds, `to` exclusive; all of them if not given. */
  readonly inChannels?: { readonly from: number; readonly to: number }
}

/**
 * diffusers' AlphaBlender: sigmoid(mix_factor) weighs the spatial side or, switched as in the VAE, the temporal one.
 * The other side gets the rest.
 */
export interface Mix {
  /** [1] */
  readonly factor: WeightTensor
  readonly switched: boolean
}

export interface TemporalConv {
  /** [out, in, 3, 1, 1]: each frame with the one before and the one after, zeros beyond the ends. */
  readonly weight: WeightTensor
  readonly bias: WeightTensor
  /** The result is `residual` plus the convolution times the temporal share of the mix. */
  readonly blend?: { readonly mix: Mix; readonly residual: Clips }
}

export interface GroupNorm extends Affine {
  readonly groups: number
  readonly epsilon: number
  readonly activation: 'none' | 'silu'
  /** Rows [1, C] or [clips, C], added to x before the statistics: the same for all frames and pixels. */
  readonly shift?: Tokens | null
}

export interface SelfAttention {
  readonly toQ: Linear
  readonly toK: Linear
  readonly toV: Linear
  readonly heads: number
}

export interface FeedForward {
  /** [2·hidden, C]: hidden and gate. */
  readonly proj: BiasedLinear
  /** [C, hidden] */
  readonly out: BiasedLinear
  /** Least number of chunks that tokens are computed in. More chunks give the same numbers with less memory. */
  readonly chunks: number
  /** The tokens are added to the result. */
  readonly residual: Tokens
}

export type Activation = 'silu' | 'gelu' | 'quick_gelu'

/** OpenAI's constant for `quick_gelu`, which is x·sigmoid(alpha·x). */
export const QUICK_GELU_ALPHA = 1.702

export interface Target {
  readonly name: string
  /** Type of activations. */
  readonly dtype: Extract<DType, 'float32' | 'float16'>

  /* The graph's boundary: float32. */

  /** [.., C, H, W], images of clips of `frames` frames in the order of the leading axes. */
  imagesFromNchw(g: Graph, x: Value, frames: number): Images
  /** [clips·frames, C, H, W] */
  imagesToNchw(g: Graph, x: Images): Value
  /** Float32 images in whichever order costs less, for what does not care: [n, C, H, W] or [n, H, W, C]. */
  imagesToPixels(g: Graph, x: Images): { readonly pixels: Value; readonly layout: 'nchw' | 'nhwc' }
  /** Makes an output of images in the target's own layout, for `inputImages` of the same target. */
  outputImages(g: Graph, name: string, x: Images): void
  /** An input that `outputImages` of another graph wrote. */
  inputImages(g: Graph, name: string, size: Omit<Images, 'kind'>): Images
  /** [.., C], as `rows` sequences of tokens. */
  tokensFromMatrix(g: Graph, x: Value, rows: number): Tokens
  /** [rows·length, C] */
  tokensToMatrix(g: Graph, x: Tokens): Value
  /** Tokens of as many rows, side by side: [n, ΣC]. */
  packTokens(g: Graph, parts: readonly Tokens[]): Value
  /** The parts of [n, ΣC] by their widths. Each token will be added to `repeats` images or sequences in a row. */
  unpackTokens(g: Graph, packed: Value, widths: readonly number[], repeats: number): readonly Tokens[]

  /* Feature maps. */

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
  concatChannels(g: Graph, a: Images, b: Images): Images
  /** Each of the clips in `b`, of one image, plus each of the frames in `a`, one clip: clips·frames images. */
  addFramesToClips(g: Graph, a: Images, b: Images): Images
  /** Runs layers that compute each image by itself, in chunks if their largest maps, `numbersPerImage`, need it. */
  inImagePieces(g: Graph, x: Images, numbersPerImage: number, layers: (piece: Images) => Images): Images

  /* Between maps and tokens. */

  /** One sequence per image: `rows` is clips·frames, `length` height·width. */
  toTokens(g: Graph, x: Images): Tokens
  /** Adds to each pixel of `x` its token. */
  addTokens(g: Graph, x: Images, tokens: Tokens): Images
  /** One sequence per image → one per pixel: rows clips·frames → clips·pixels, length pixels → frames. */
  toTemporalTokens(g: Graph, x: Tokens, frames: number): Tokens
  /** The mix of tokens in sequences per image with those in sequences per pixel; in sequences per image. */
  blend(g: Graph, spatial: Tokens, temporal: Tokens, mix: Mix): Tokens
  /** A linear layer of that mix. */
  blendedLinear(g: Graph, spatial: Tokens, temporal: Tokens, mix: Mix, layer: BiasedLinear): Tokens

  /* Tokens. */

  linear(g: Graph, x: Tokens, options: Linear & { readonly residual?: Tokens }): Tokens
  layerNorm(g: Graph, x: Tokens, options: Affine & { readonly epsilon: number }): Tokens
  activate(g: Graph, x: Tokens, activation: Activation): Tokens
  /** Adds as many tokens, or one token to each of the other's. */
  add(g: Graph, x: Tokens, y: Tokens): Tokens
  /** Adds to each token the row of its clip, [clips, C], or of its frame, [frames, C]. Frames: temporal tokens only. */
  addRows(g: Graph, x: Tokens, rows: Tokens, per: 'clip' | 'frame'): Tokens
  /** Adds one number of `weight` [rows·length, C] to each of the tokens. */
  addParameter(g: Graph, x: Tokens, weight: WeightTensor): Tokens
  /** One row of tokens behind the token `weight` [C]. */
  prependToken(g: Graph, x: Tokens, weight: WeightTensor): Tokens
  /** The first token of one row. */
  firstToken(g: Graph, x: Tokens): Tokens
  /** Softmax attention within each sequence, without the projection behind it. */
  selfAttention(g: Graph, x: Tokens, options: SelfAttention): Tokens
  /** diffusers' FeedForward: out(hidden·gelu(gate)), where [hidden, gate] = proj(x). */
  feedForward(g: Graph, x: Tokens, options: FeedForward): Tokens
}

/** A target for each network, because they differ in precision. */
export interface Targets {
  readonly name: string
  readonly imageEncoder: Target
  readonly vaeEncoder: Target
  /** Target of the UNet, and of the conditioning and time shifts. */
  readonly unet: Target
  readonly vaeDecoder: Target
}

export const oneTarget = (target: Target): Targets => ({
  name: target.name,
  imageEncoder: target,
  vaeEncoder: target,
  unet: target,
  vaeDecoder: target,
})
