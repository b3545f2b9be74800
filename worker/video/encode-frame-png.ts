import sharp from 'sharp'
import { assertRgbFrame, type FrameSize } from './rgb-frame.ts'

/** Lossless; the same pixels give the same bytes: fixed level and filter, no palette, no metadata. */
export const encodeFramePng = (
  frame: Uint8Array,
  index: number,
  { width, height }: FrameSize,
): Promise<Buffer> => {
  assertRgbFrame(frame, index, { width, height })
  return sharp(frame, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6, adaptiveFiltering: false, palette: false, progressive: false })
    .toBuffer()
}
