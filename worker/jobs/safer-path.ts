import type { RenderParameters } from '../../shared/contracts/render-parameters.ts'

/** Few enough for any memory, and enough that the decoder still sees what moves. */
const CHUNK = 4
const OVERLAP = 2

/**
 * How a clip is decoded again that did not pass its checks: in small chunks that share frames, so that neither their
 * seams nor what memory they take can be at fault. The seed stays, so that it is nearly the same clip otherwise.
 */
export const saferParameters = (parameters: RenderParameters): RenderParameters => {
  const decodeChunkSize = Math.min(CHUNK, parameters.numFrames)
  return { ...parameters, decodeChunkSize, decodeOverlap: Math.min(OVERLAP, decodeChunkSize - 1) }
}
