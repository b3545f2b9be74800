import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { JobImage } from '../../shared/contracts/job-message.ts'
import { MAX_IMAGE_BYTES } from '../../shared/image/decode-image.ts'
import { type ObjectStore, ObjectTooLargeError } from '../../shared/ports/object-store.ts'

/**
 * The file of a job's normalised image.
 *
 * @throws InvalidInputError (`image`) where it is not there any more, or larger than images may be.
 */
export const fetchImage = async (
  store: ObjectStore,
  { key, source_key }: JobImage,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  try {
    const object = await store.read(key, { maxBytes: MAX_IMAGE_BYTES }, signal)
    if (object !== null) return object.bytes
  } catch (error) {
    if (!(error instanceof ObjectTooLargeError)) throw error
    throw new InvalidInputError('image', `${error.message} as a PNG; scale ${source_key} down`)
  }
  throw new InvalidInputError(
    'image',
    `${key}, created from ${source_key}, does not exist; upload ${source_key} again`,
  )
}
