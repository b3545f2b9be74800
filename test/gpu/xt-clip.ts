import { z } from 'zod'
import { parseRenderArguments } from '../../shared/contracts/render-arguments.ts'
import { type RenderParameters, resolveParameters } from '../../shared/contracts/render-parameters.ts'
import type { RgbImage } from '../../shared/image/rgb-image.ts'
import type { Checkpoint } from '../../worker/checkpoint/open-checkpoint.ts'
import { vaeScaleFactor } from '../../worker/compiler/compile.ts'
import { PRECISIONS } from '../../worker/compiler/targets/clip-targets.ts'
import { drawUniform } from '../fixtures/uniform.ts'

/** The clip that every task on the large model renders. */
export const clipRequestSchema = z.object({
  /** As `DeviceChoice`. */
  choice: z.object({
    provider: z.literal('cuda'),
    uuid: z.string(),
    precision: z.enum(PRECISIONS),
    computeCapability: z.int(),
  }),
  checkpointDir: z.string(),
  cacheDir: z.string(),
  width: z.int(),
  height: z.int(),
  numFrames: z.int(),
  /** Frames decoded at once. */
  decodeChunk: z.int(),
})

export type ClipRequest = z.infer<typeof clipRequestSchema>

/** The checkpoint's variant: the random one and the demo's have float16 weights. */
export const CLIP_VARIANT = 'fp16'

export const clipParameters = (
  checkpoint: Checkpoint,
  { width, height, numFrames, decodeChunk }: ClipRequest,
  steps: number,
): RenderParameters =>
  resolveParameters(
    parseRenderArguments({
      ...{ width, height, num_frames: numFrames, num_inference_steps: steps },
      decode_chunk_size: decodeChunk,
    }),
    checkpoint.defaults,
    { vaeScaleFactor: vaeScaleFactor(checkpoint.vae.config) },
  )

/** An image of noise: times do not depend on what is seen. */
export const noiseImage = (width: number, height: number): RgbImage => {
  const noise = drawUniform(7, 65_521)
  const data = Buffer.alloc(width * height * 3)
  for (let i = 0; i < data.length; i++) data[i] = 256 * (noise[i % noise.length] ?? 0)
  return { width, height, data }
}
