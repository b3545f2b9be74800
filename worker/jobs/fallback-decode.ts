import type { RenderParameters } from '../../shared/contracts/render-parameters.ts'

/** Few enough for any memory, and enough that the decoder still sees what moves. */
const CHUNK = 4
const OVERLAP = 2

/**
 * Parameters of the fallback decode, for a clip that did not pass its checks. Its small chunks share frames, so that
 * neither their seams nor their memory can be at fault. The seed stays, so that the clip is nearly the same otherwise.
 */
export const fallbackDecodeParameters = (parameters: RenderParameters): RenderParameters => {
  const decodeChunkSize = Math.min(CHUNK, parameters.numFrames)
  return { ...parameters, decodeChunkSize, decodeOverlap: Math.min(OVERLAP, decodeChunkSize - 1) }
}
