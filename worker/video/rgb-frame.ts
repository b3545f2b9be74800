export interface FrameSize {
  readonly width: number
  readonly height: number
}

/** RGB24: `height` rows of `width` pixels, three bytes each, no padding. */
export const rgbFrameBytes = ({ width, height }: FrameSize): number => width * height * 3

/** Throws unless `frame` is one RGB24 image of that size: one byte short would shift every later frame. */
export const assertRgbFrame = (frame: Uint8Array, index: number, size: FrameSize): void => {
  const expected = rgbFrameBytes(size)
  if (frame.length !== expected) {
    throw new Error(
      `frame ${index} has ${frame.length} bytes; ${size.width}x${size.height} RGB24 takes ${expected}`,
    )
  }
}
