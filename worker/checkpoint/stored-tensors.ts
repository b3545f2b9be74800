/** Data types in which weights may be stored. */
export type WeightDtype = 'F32' | 'F16' | 'BF16'

/**
 * Whole numbers, such as CLIP's `position_ids`: in many checkpoints, read by none of the networks. In a quantised
 * checkpoint they are the weights.
 */
export type IndexDtype = 'BOOL' | `I${number}` | `U${number}`

/** A tensor as it lies in a safetensors file. */
export interface StoredTensor {
  readonly key: string
  readonly dtype: WeightDtype | IndexDtype
  readonly shape: readonly number[]
  /** Absolute path with symbolic links resolved (a Hub cache is made of them). */
  readonly file: string
  /** Offset from the start of the file. */
  readonly offsetBytes: number
  readonly sizeBytes: number
}

export const isWeightDtype = (dtype: string): dtype is WeightDtype =>
  dtype === 'F32' || dtype === 'F16' || dtype === 'BF16'

export const isIndexDtype = (dtype: string): dtype is IndexDtype => /^(BOOL|[IU]\d+)$/.test(dtype)
