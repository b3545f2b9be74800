import { IMAGES_PREFIX, MANIFESTS_PREFIX } from '../../shared/contracts/bucket-layout.ts'
import {
  isPictureName,
  isSidecarName,
  isSidecarOf,
  picturePrefixes,
} from '../../shared/contracts/input-names.ts'
import type { DroppedObject } from '../../shared/contracts/s3-event.ts'
import { ObjectChangedError, type ObjectInfo, type ObjectStore } from '../../shared/ports/object-store.ts'
import { ingestManifest } from './ingest-manifest.ts'
import { ingestPicture } from './ingest-picture.ts'
import type { Drop, IngestOutcome, IngestWorld, SkipReason } from './ingest-world.ts'
import { listKeys } from './list-keys.ts'
import { rejectMisplaced } from './reject-misplaced.ts'

const skipped = (key: string, reason: SkipReason): IngestOutcome => ({ type: 'skipped', key, reason })

/** What the event told of, if it is still that. */
const findDropped = async (
  store: ObjectStore,
  { key, versionId, etag }: DroppedObject,
  signal: AbortSignal,
): Promise<ObjectInfo | 'gone' | 'changed'> => {
  const info = await store.head(key, signal, versionId)
  if (info === null) return 'gone'
  // A version is always what it was.
  const same = versionId !== null || etag === null || info.etag.replaceAll('"', '') === etag
  return same ? info : 'changed'
}

type Ingest = (world: IngestWorld, drop: Drop) => Promise<IngestOutcome>

/** Whoever overwrites or deletes an object while it is read has its own event. */
const unlessChanged = async (ingest: Ingest, world: IngestWorld, drop: Drop): Promise<IngestOutcome> => {
  try {
    return await ingest(world, drop)
  } catch (error) {
    if (error instanceof ObjectChangedError) return skipped(drop.info.key, 'changed')
    throw error
  }
}

export interface IngestContext {
  readonly traceId: string
  readonly signal: AbortSignal
}

/** The pictures beside a sidecar, again and as they are now. */
const ingestSidecar = async (
  world: IngestWorld,
  key: string,
  context: IngestContext,
): Promise<readonly IngestOutcome[]> => {
  const isPicture = (beside: string): boolean => isPictureName(beside) && isSidecarOf(key, beside)
  const outcomes: IngestOutcome[] = []
  for (const pictureKey of await listKeys(world.input, picturePrefixes(key), isPicture, context.signal)) {
    const info = await world.input.head(pictureKey, context.signal)
    if (info === null) continue
    outcomes.push(await unlessChanged(ingestPicture, world, { info, sequencer: null, ...context }))
  }
  return outcomes.length === 0 ? [skipped(key, 'no-picture')] : outcomes
}

/**
 * What becomes of one dropped object. What is wrong with it is in its report; it throws only for what may pass: S3 or
 * SQS out of order. It can be called again at any time, and does nothing twice.
 */
export const ingestObject = async (
  world: IngestWorld,
  object: DroppedObject,
  context: IngestContext,
): Promise<readonly IngestOutcome[]> => {
  const { bucket, key, sequencer } = object
  const isImage = key.startsWith(IMAGES_PREFIX)
  if (bucket !== world.input.bucket || key.endsWith('/')) return [skipped(key, 'not-ours')]
  if (!isImage && !key.startsWith(MANIFESTS_PREFIX)) {
    // A report in the same bucket would be an upload that gets a report.
    if (bucket === world.output.bucket) return [skipped(key, 'not-ours')]
    return [await rejectMisplaced(world, object, context.signal)]
  }
  if (isImage && isSidecarName(key)) return ingestSidecar(world, key, context)
  const info = await findDropped(world.input, object, context.signal)
  if (typeof info === 'string') return [skipped(key, info)]
  const ingest = isImage ? ingestPicture : ingestManifest
  return [await unlessChanged(ingest, world, { info, sequencer, ...context })]
}
