import { RGB_CHANNELS, type RgbImage } from './rgb-image.ts'

/** For each EXIF orientation from 2 to 8: whether rows and columns change places, and which way each then runs. */
const TURNS: Readonly<Record<number, { swap: boolean; flipX: boolean; flipY: boolean }>> = {
  2: { swap: false, flipX: true, flipY: false },
  3: { swap: false, flipX: true, flipY: true },
  4: { swap: false, flipX: false, flipY: true },
  5: { swap: true, flipX: false, flipY: false },
  6: { swap: true, flipX: true, flipY: false },
  7: { swap: true, flipX: true, flipY: true },
  8: { swap: true, flipX: false, flipY: true },
}

/** The image the right way up. Orientation 1 and unknown ones change nothing, as in PIL's `exif_transpose`. */
export const uprightImage = (image: RgbImage, orientation: number): RgbImage => {
  const turn = TURNS[orientation]
  if (turn === undefined) return image
  const width = turn.swap ? image.height : image.width
  const height = turn.swap ? image.width : image.height
  const source = image.data
  const data = new Uint8Array(source.length)
  let out = 0
  for (let y = 0; y < height; y++) {
    const fromY = turn.flipY ? height - 1 - y : y
    for (let x = 0; x < width; x++) {
      const fromX = turn.flipX ? width - 1 - x : x
      const pixel = (turn.swap ? fromX * image.width + fromY : fromY * image.width + fromX) * RGB_CHANNELS
      data[out] = source[pixel]!
      data[out + 1] = source[pixel + 1]!
      data[out + 2] = source[pixel + 2]!
      out += RGB_CHANNELS
    }
  }
  return { width, height, data }
}
