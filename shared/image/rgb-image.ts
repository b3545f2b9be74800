/** An 8-bit image: rows from the top, pixels from the left, three bytes (R, G, B) per pixel. */
export interface RgbImage {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

export const RGB_CHANNELS = 3
