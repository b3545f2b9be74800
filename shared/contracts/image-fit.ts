import type { PixelSize } from './auto-size.ts'
import type { FitMode } from './fit-mode.ts'

/** Loss of an image in a clip of another shape. */
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

/** Loss of an image in a clip, rounded to three digits. */
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

const percent = (part: number): string => `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`

/** Loss of an image as text: `stretched 1.78-fold`; `null`: nothing. */
export const lossText = ({ stretch, cropped, padded }: ImageFit): string | null => {
  if (stretch > 1) return `stretched ${stretch.toFixed(2)}-fold`
  if (cropped > 0) return `${percent(cropped)} cut off`
  return padded > 0 ? `${percent(padded)} black bars` : null
}
