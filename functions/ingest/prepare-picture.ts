import type { JobImage } from '../../shared/contracts/job-message.ts'
import type { ObjectInfo } from '../../shared/ports/object-store.ts'
import type { IngestDeps } from './ingest-deps.ts'
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
  deps: Pick<IngestDeps, 'input' | 'output'>,
  info: ObjectInfo,
  field: string,
  signal: AbortSignal,
): Promise<JobImage> => {
  const known = await findKnownPicture(deps, info, signal)
  if (known !== null) return known
  const picture = await loadPicture(deps.input, info, field, signal)
  const image = await storePicture(deps.output, picture, { sourceKey: info.key, field }, signal)
  await notePicture(deps, info, image, signal)
  return image
}
