import { IMAGES_PREFIX, MANIFESTS_PREFIX } from '../../shared/contracts/bucket-layout.ts'
import { isSidecarName } from '../../shared/contracts/input-names.ts'
import type { UploadedObject } from '../../shared/contracts/s3-event.ts'
import type { ObjectInfo, ObjectStore } from '../../shared/ports/object-store.ts'
import type { IngestContext, IngestDeps, IngestOutcome, SkipReason } from './ingest-deps.ts'
import { ingestImage } from './ingest-image.ts'
import { ingestManifest } from './ingest-manifest.ts'
import { ingestSidecar } from './ingest-sidecar.ts'
import { rejectMisplaced } from './reject-misplaced.ts'
import { unlessChanged } from './unless-changed.ts'

const skipped = (key: string, reason: SkipReason): IngestOutcome => ({ type: 'skipped', key, reason })

/** The uploaded object of the event, if it has not changed since. */
const findUpload = async (
  store: ObjectStore,
  { key, versionId, etag }: UploadedObject,
  signal: AbortSignal,
): Promise<ObjectInfo | 'gone' | 'changed'> => {
  const info = await store.head(key, signal, versionId)
  if (info === null) return 'gone'
  // A version is always what it was.
  const same = versionId !== null || etag === null || info.etag.replaceAll('"', '') === etag
  return same ? info : 'changed'
}

/** Ingests one uploaded object that is not a sidecar. */
const ingestOne = async (
  deps: IngestDeps,
  object: UploadedObject,
  context: IngestContext,
): Promise<IngestOutcome> => {
  const { bucket, key, sequencer } = object
  const isImage = key.startsWith(IMAGES_PREFIX)
  if (bucket !== deps.input.bucket || key.endsWith('/')) return skipped(key, 'not-ours')
  if (!isImage && !key.startsWith(MANIFESTS_PREFIX)) {
    // A report in the same bucket would be an upload that gets a report.
    if (bucket === deps.output.bucket) return skipped(key, 'not-ours')
    return await rejectMisplaced(deps, object, context.signal)
  }
  const info = await findUpload(deps.input, object, context.signal)
  if (typeof info === 'string') return skipped(key, info)
  const ingest = isImage ? ingestImage : ingestManifest
  return await unlessChanged(key, () => ingest(deps, { info, sequencer, ...context }))
}

/**
 * Ingests one uploaded object, or each image beside a sidecar. Its faults are in its report. Throws
 * only for what may pass: S3 or SQS out of order. It can be called again at any time, and does nothing twice.
 */
export async function* ingestObject(
  deps: IngestDeps,
  object: UploadedObject,
  context: IngestContext,
): AsyncGenerator<IngestOutcome> {
  if (
    object.key.startsWith(IMAGES_PREFIX) &&
    isSidecarName(object.key) &&
    object.bucket === deps.input.bucket
  )
    yield* ingestSidecar(deps, object, context)
  else yield await ingestOne(deps, object, context)
}
