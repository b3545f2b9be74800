import { createHash } from 'node:crypto'
import { normalizedImageKey } from '../../shared/contracts/bucket-layout.ts'
import { hashPixels } from '../../shared/contracts/job-id.ts'
import type { JobImage } from '../../shared/contracts/job-message.ts'
import type { RgbImage } from '../../shared/image/rgb-image.ts'
import { encodeUploadedImage } from '../../shared/image/uploaded-image.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

/**
 * Puts an image where workers read it: a plain PNG, whatever came in with the uploaded file left out. It is called by
 * its pixels, so that it is encoded and written once, however often and under whatever names it is uploaded.
 *
 * @throws InvalidInputError (`field`) if that PNG is larger than workers read.
 */
export const storeImage = async (
  output: ObjectStore,
  image: RgbImage,
  { sourceKey, field }: { readonly sourceKey: string; readonly field: string },
  signal: AbortSignal,
): Promise<JobImage> => {
  const { width, height } = image
  const pixelsSha256 = hashPixels(image)
  const key = normalizedImageKey(pixelsSha256)
  if ((await output.head(key, signal)) === null) {
    const png = await encodeUploadedImage(image, field)
    const sha256 = createHash('sha256').update(png).digest('hex')
    await output.create(key, png, { contentType: 'image/png', sha256 }, signal)
  }
  return { source_key: sourceKey, key, pixels_sha256: pixelsSha256, width, height }
}
