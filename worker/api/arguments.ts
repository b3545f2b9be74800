import type { RenderArguments } from '../../shared/contracts/render-arguments.ts'

/**
 * Arguments of a clip: those of diffusers' StableVideoDiffusionPipeline in its own spelling, with `fit`,
 * `decode_overlap` and `seed`. What is not given comes from the checkpoint's svd.json, else from the reference.
 * A seed from 2^53 up is a bigint or text.
 */
export type ClipArguments = Omit<RenderArguments, 'seed'> & { readonly seed?: number | bigint | string }
