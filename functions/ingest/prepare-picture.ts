import type { JobImage } from '../../shared/contracts/job-message.ts'
import type { ObjectInfo } from '../../shared/ports/object-store.ts'
import type { IngestWorld } from './ingest-world.ts'
import { findKnownPicture, notePicture } from './known-picture.ts'
import { loadPicture } from './load-picture.ts'
import { storePicture } from './store-picture.ts'

/**
 * Has a picture of the input bucket lie where workers read it.
 *
 * @throws InvalidInputError (`field`) if it is not what is accepted.
 * @throws ObjectChangedError if it is not what `info` says any more.
 */
export const preparePicture = async (
  world: Pick<IngestWorld, 'input' | 'output'>,
  info: ObjectInfo,
  field: string,
  signal: AbortSignal,
): Promise<JobImage> => {
  const known = await findKnownPicture(world, info, signal)
  if (known !== null) return known
  const picture = await loadPicture(world.input, info, field, signal)
  const image = await storePicture(world.output, picture, { sourceKey: info.key, field }, signal)
  await notePicture(world, info, image, signal)
  return image
}
