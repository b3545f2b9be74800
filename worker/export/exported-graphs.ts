import type { ClipShape } from '../compiler/clip-shape.ts'
import type { ClipGraphs } from '../compiler/compile.ts'
import type { Graph } from '../compiler/graph/graph.ts'
import { plainChunks } from '../pipeline/decode-plan.ts'

/** A graph that users get as an ONNX file, and what its inputs and outputs mean. */
export interface ExportedGraph {
  readonly file: string
  readonly purpose: string
  readonly graph: Graph
  readonly meanings: Readonly<Record<string, string>>
}

const TIMESTEP = '0.25 · ln(sigma)'

const STEP_MEANINGS = {
  latents: 'of the clip; at first normal noise times sqrt(sigma² + 1) of the first sigma',
  sigma: 'noise level of the step',
  sigma_next: 'noise level of the next step; 0 at the last',
  spatial_shifts: "this step's row of time_shifts.onnx",
  temporal_shifts: "this step's row of time_shifts.onnx",
  guidance_scale: 'one per frame, from min_guidance_scale to max_guidance_scale evenly',
  next_latents: 'of the clip, at sigma_next',
} as const

const passes = (guidance: boolean): string => (guidance ? 'row 0 zeros (unconditional), row 1' : 'one row:')

/** Records every graph that a clip of this shape runs, and the UNet with the reference's own signature. */
export const exportedGraphs = (graphs: ClipGraphs, shape: ClipShape): readonly ExportedGraph[] => {
  const clips = shape.guidance ? 2 : 1
  const rows = passes(shape.guidance)
  const chunks = plainChunks(shape.numFrames, shape.decodeChunk).map(({ from, to }) => to - from)
  const decoder = (file: string, frames: number): ExportedGraph => ({
    file,
    purpose: `latents to images, ${frames} frames at once`,
    graph: graphs.vaeDecoder(frames),
    meanings: {
      latents: 'as the last step leaves them; the division by scaling_factor is included',
      frames: 'RGB, about -1 to 1: clamp, then (x + 1) / 2',
    },
  })
  const last = chunks.at(-1) ?? shape.decodeChunk
  return [
    {
      file: 'image_encoder.onnx',
      purpose: "the image's CLIP embedding; once a clip",
      graph: graphs.imageEncoder(),
      meanings: {
        pixel_values: "the image, resized and normalised as the reference's pipeline does for CLIP",
        image_embeds: 'for conditioning.onnx and unet.onnx',
      },
    },
    {
      file: 'vae_encoder.onnx',
      purpose: "the image's latents; once a clip",
      graph: graphs.vaeEncoder(),
      meanings: {
        image: 'RGB from -1 to 1 plus noise_aug_strength times normal noise',
        image_latents: "mode of the posterior, not scaled; the model's input image half",
      },
    },
    {
      file: 'conditioning.onnx',
      purpose: 'what the UNet makes of the image and no step changes; once a clip',
      graph: graphs.conditioning(clips),
      meanings: {
        image_embeds: `${rows} the output of image_encoder.onnx`,
        image_latents: `${rows} the output of vae_encoder.onnx`,
      },
    },
    {
      file: 'time_shifts.onnx',
      purpose: 'what the UNet makes of the time embedding, for all steps; once a clip',
      graph: graphs.timeShifts(shape.steps),
      meanings: {
        timesteps: `of every step: ${TIMESTEP}`,
        added_time_ids: 'fps - 1, motion_bucket_id, noise_aug_strength',
        spatial_shifts: 'a row for each step, for denoise_step.onnx',
        temporal_shifts: 'a row for each step, for denoise_step.onnx',
      },
    },
    {
      file: 'denoise_step.onnx',
      purpose: `one step of the loop: scaling, ${shape.guidance ? 'both passes, guidance' : 'the UNet'} and the Euler step`,
      graph: graphs.denoiseStep(),
      meanings: STEP_MEANINGS,
    },
    {
      file: 'unet.onnx',
      purpose:
        "the UNet with the reference's own inputs, for a loop of your own (instead of the three above)",
      graph: graphs.plainUnet(clips),
      meanings: {
        sample: 'latents / sqrt(sigma² + 1) and image latents, joined along the channels',
        timestep: TIMESTEP,
        encoder_hidden_states: `${rows} the output of image_encoder.onnx`,
        added_time_ids: 'per row: fps - 1, motion_bucket_id, noise_aug_strength',
        out_sample: 'v prediction',
      },
    },
    decoder('vae_decoder.onnx', shape.decodeChunk),
    ...(last === shape.decodeChunk ? [] : [decoder('vae_decoder_last.onnx', last)]),
  ]
}

/** Meaning of an input or output. One without a meaning of its own passes from conditioning to the step. */
export const meaningOf = ({ file, meanings }: ExportedGraph, name: string): string =>
  meanings[name] ??
  (file === 'conditioning.onnx'
    ? 'for the input of denoise_step.onnx of the same name'
    : 'the output of conditioning.onnx of the same name')
