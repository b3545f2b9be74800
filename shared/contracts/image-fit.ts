import type { PixelSize } from './auto-size.ts'
import type { FitMode } from './fit-mode.ts'

/** What becomes of an image's shape in a clip of another shape. */
export interface ImageFit {
  /** Factor by which one side grows more than the other; 1: the proportions stay. */
  readonly stretch: number
  /** Part of the image that is cut off, from 0 to 1. */
  readonly cropped: number
  /** Part of the clip that is black bars, from 0 to 1. */
  readonly padded: number
}

const DIGITS = 1_000

const rounded = (value: number): number => Math.round(value * DIGITS) / DIGITS

/** How an image fits into a clip; figures are rounded to three digits. */
export const imageFit = (image: PixelSize, clip: PixelSize & { readonly fit: FitMode }): ImageFit => {
  const ratio = (clip.width * image.height) / (clip.height * image.width)
  const stretch = rounded(Math.max(ratio, 1 / ratio))
  const lost = rounded(1 - Math.min(ratio, 1 / ratio))
  switch (clip.fit) {
    case 'fill':
      return { stretch, cropped: 0, padded: 0 }
    case 'crop':
      return { stretch: 1, cropped: lost, padded: 0 }
    case 'pad':
      return { stretch: 1, cropped: 0, padded: lost }
  }
}
