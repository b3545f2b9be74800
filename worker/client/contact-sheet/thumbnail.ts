import sharp from 'sharp'
import { decodeImage } from '../../../shared/image/decode-image.ts'

/** Twice a card's width, for screens with small pixels. */
const MAX_WIDTH = 640

/** Image that is small enough for a page. Throws InvalidInputError if `bytes` is not an image. */
export const thumbnail = async (bytes: Uint8Array): Promise<Uint8Array> => {
  const { width, height, data } = await decodeImage(bytes, 'image')
  return await sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ width: MAX_WIDTH, withoutEnlargement: true })
    .webp({ quality: 82 })
    .toBuffer()
}
