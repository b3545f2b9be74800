import { isDeepStrictEqual } from 'node:util'
import { ObjectChangedError, type ObjectInfo, type ObjectStore } from '../../shared/ports/object-store.ts'
import type { FoundUpload } from './ingest-deps.ts'

const identityOf = ({ etag, versionId, metadata, lastModified }: ObjectInfo) => {
  return { etag, versionId, metadata, lastModified }
}

/**
 * Throws `ObjectChangedError` if an image is not the one any more that a run of its sidecar read. Such a run has no
 * sequencer by which its report gives way to that of a newer image. So it calls this after it read the report that it
 * replaces: a run that reports a newer image later makes the replacement fail.
 */
export const assertNewest = async (input: ObjectStore, { info, signal }: FoundUpload): Promise<void> => {
  const newest = await input.head(info.key, signal)
  if (newest !== null && isDeepStrictEqual(identityOf(newest), identityOf(info))) return
  throw new ObjectChangedError(`${info.key}: is not the image that was read`)
}
