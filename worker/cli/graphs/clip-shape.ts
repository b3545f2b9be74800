import type { ClipShape } from '../../compiler/clip-shape.ts'

/** Shape of a clip whose work is counted, as `--json` prints it. */
export const clipShapeAsJson = (shape: ClipShape) => ({
  width: shape.width,
  height: shape.height,
  num_frames: shape.numFrames,
  guidance: shape.guidance,
  num_inference_steps: shape.steps,
  decode_chunk_size: shape.decodeChunk,
})

/** Shape of a clip as text. */
export const clipShapeText = (shape: ClipShape): string =>
  `${shape.width}x${shape.height}, ${shape.numFrames} frames, guidance ${shape.guidance ? 'on' : 'off'}, ` +
  `${shape.steps} steps, ${shape.decodeChunk} frames decoded at once`
