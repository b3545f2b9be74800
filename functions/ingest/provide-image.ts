import type { JobImage } from '../../shared/contracts/job-message.ts'
import type { ObjectInfo } from '../../shared/ports/object-store.ts'
import type { IngestDeps } from './ingest-deps.ts'
import { findKnownImage, noteImage } from './known-image.ts'
import { loadImage } from './load-image.ts'
import { storeImage } from './store-image.ts'

/**
 * Has an image of the input bucket lie where workers read it.
 *
 * @throws InvalidInputError (`field`) if it is not what is accepted.
 * @throws ObjectChangedError if it is not what `info` says any more.
 */
export const provideImage = async (
  deps: Pick<IngestDeps, 'input' | 'output'>,
  info: ObjectInfo,
  field: string,
  signal: AbortSignal,
): Promise<JobImage> => {
  const known = await findKnownImage(deps, info, signal)
  if (known !== null) return known
  const loaded = await loadImage(deps.input, info, field, signal)
  const image = await storeImage(deps.output, loaded, { sourceKey: info.key, field }, signal)
  await noteImage(deps, info, image, signal)
  return image
}
