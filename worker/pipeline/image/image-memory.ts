import { RGB_CHANNELS } from '../../../shared/image/rgb-image.ts'
import { CLIP_IMAGE_SIZE } from '../../checkpoint/component-fit.ts'

interface Size {
  readonly width: number
  readonly height: number
}

const FLOAT_BYTES = 4
/** Columns that bicubic interpolation reads for each one that it makes. */
const BICUBIC_COLUMNS = 4

const pixels = ({ width, height }: Size): number => width * height

/**
 * Bytes that an image takes in a renderer: its pixels at both sizes, the blurred columns that CLIP's input is made of,
 * and the VAE's input with and without noise.
 */
export const imageMemoryBytes = (source: Size, fitted: Size): number => {
  const blurredColumns = Math.min(source.width, BICUBIC_COLUMNS * CLIP_IMAGE_SIZE)
  return (
    RGB_CHANNELS * (pixels(source) + pixels(fitted)) +
    RGB_CHANNELS * FLOAT_BYTES * (blurredColumns * source.height + 2 * pixels(fitted))
  )
}

/** A camera's photo, for plans without an image. */
export const TYPICAL_IMAGE_SIZE: Size = { width: 6000, height: 4000 }
