import { IMAGES_PREFIX, MANIFESTS_PREFIX } from '../../shared/contracts/bucket-layout.ts'
import type { UploadedObject } from '../../shared/contracts/s3-event.ts'
import { shownValue } from '../../shared/contracts/shown-value.ts'
import type { IngestDeps, IngestOutcome } from './ingest-deps.ts'
import { rejectObject } from './reject-object.ts'

const messageOf = (key: string): string =>
  `got ${shownValue(key)}; must begin with ${IMAGES_PREFIX} or ${MANIFESTS_PREFIX}, so no job was made of it; ` +
  `upload an image as ${IMAGES_PREFIX}NAME, or a manifest as ${MANIFESTS_PREFIX}NAME`

/**
 * Reports an upload that no part of the pipeline reads. Ingest has no right to read the object, and a large folder of such
 * uploads costs little.
 */
export const rejectMisplaced = async (
  deps: IngestDeps,
  object: UploadedObject,
  signal: AbortSignal,
): Promise<IngestOutcome> =>
  await rejectObject(deps, object, { field: 'key', message: messageOf(object.key) }, signal)
