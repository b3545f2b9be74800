import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { checkDeclaredFormat, formatOfName } from '../../shared/image/declared-format.ts'
import { MAX_IMAGE_BYTES } from '../../shared/image/decode-image.ts'
import { imageFormatOf } from '../../shared/image/image-format.ts'
import type { RgbImage } from '../../shared/image/rgb-image.ts'
import { decodeUploadedImage } from '../../shared/image/uploaded-image.ts'
import { ObjectChangedError, type ObjectInfo, type ObjectStore } from '../../shared/ports/object-store.ts'

const checkSize = ({ sizeBytes }: ObjectInfo, field: string): void => {
  if (sizeBytes <= MAX_IMAGE_BYTES) return
  const message = `has ${sizeBytes} bytes, more than the ${MAX_IMAGE_BYTES} that are accepted; compress it`
  throw new InvalidInputError(field, message)
}

/**
 * An image in the input bucket, upright, in RGB. What can be refused by its name and size is not fetched, and never
 * more is fetched than an image may have.
 *
 * @throws InvalidInputError (`field`) if it is not what is accepted.
 * @throws ObjectChangedError if it is not what `info` says any more.
 */
export const loadImage = async (
  store: ObjectStore,
  info: ObjectInfo,
  field: string,
  signal: AbortSignal,
): Promise<RgbImage> => {
  const { key, versionId, etag } = info
  formatOfName(key, field)
  checkSize(info, field)
  const stored = await store.read(key, { maxBytes: MAX_IMAGE_BYTES, versionId, ifMatch: etag }, signal)
  if (stored === null) throw new ObjectChangedError(`${key}: is not there any more`)
  checkDeclaredFormat(imageFormatOf(stored.bytes, field), info, field)
  return decodeUploadedImage(stored.bytes, field)
}
