import type { RgbImage } from '../../../../shared/image/rgb-image.ts'

/** The source image of the goldens: `pattern` in test/reference/image.py. */
export const pattern = (width: number, height: number): RgbImage => {
  const data = new Uint8Array(width * height * 3)
  let i = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const smooth = Math.floor((x * (3 + c) + y * (5 - c)) / 2)
        const sharp = ((Math.floor(x / 5) + Math.floor(y / 7) + c) % 3) * 90 + ((x * y + 31 * c) % 23)
        data[i++] = smooth + sharp
      }
    }
  }
  return { width, height, data }
}
