import type { ClipFormat } from '../../shared/contracts/clip-format.ts'
import type { RenderArguments } from '../../shared/contracts/render-arguments.ts'

/**
 * Arguments of a clip: those of diffusers' StableVideoDiffusionPipeline in its own spelling, with `fit`,
 * `decode_overlap`, `seed`, and `format`, `crf` and `loop` of the files. What is not given comes from the checkpoint's svd.json, else from the reference.
 * A seed from 2^53 up is a bigint or text.
 */
export type ClipArguments = Omit<RenderArguments, 'seed' | 'format'> & {
  readonly seed?: number | bigint | string
  /** `mp4` if it is not given; in any order. */
  readonly format?: ClipFormat | readonly ClipFormat[]
}
