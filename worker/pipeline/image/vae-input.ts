import { RGB_CHANNELS, type RgbImage } from '../../../shared/image/rgb-image.ts'
import type { Tensor } from '../../engine/tensor.ts'
import { SIGNED_UNIT_OF_BYTE } from './signed-unit.ts'

/** An image as the VAE takes it, [1, 3, height, width] from -1 to 1: bit-identical to VaeImageProcessor.preprocess. */
export const toVaeInput = (image: RgbImage): Tensor => {
  const pixels = image.width * image.height
  const data = new Float32Array(RGB_CHANNELS * pixels)
  for (let channel = 0; channel < RGB_CHANNELS; channel++) {
    const plane = channel * pixels
    for (let i = 0; i < pixels; i++) {
      data[plane + i] = SIGNED_UNIT_OF_BYTE[image.data[i * RGB_CHANNELS + channel]!]!
    }
  }
  return { data, shape: [1, RGB_CHANNELS, image.height, image.width] }
}
