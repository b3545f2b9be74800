import { IMAGES_PREFIX, MANIFESTS_PREFIX } from '../../shared/contracts/bucket-layout.ts'
import type { DroppedObject } from '../../shared/contracts/s3-event.ts'
import { shownValue } from '../../shared/contracts/shown-value.ts'
import { NO_ITEM } from '../../shared/manifest/fault-list.ts'
import type { IngestOutcome, IngestWorld } from './ingest-world.ts'
import { makeReport, writeReport } from './write-report.ts'

const messageOf = (key: string): string =>
  `got ${shownValue(key)}; must begin with ${IMAGES_PREFIX} or ${MANIFESTS_PREFIX}, so no job was made of it; ` +
  `upload an image as ${IMAGES_PREFIX}NAME, or a manifest as ${MANIFESTS_PREFIX}NAME`

/**
 * Reports an upload that no part of the pipeline reads. The report is made of the event alone, without a request to the
 * input bucket: ingest has no right to read the object, and a large folder of such uploads costs little.
 */
export const rejectMisplaced = async (
  world: IngestWorld,
  { key, versionId, etag, sequencer }: DroppedObject,
  signal: AbortSignal,
): Promise<IngestOutcome> => {
  const info = { key, versionId, etag: etag === null ? '' : `"${etag}"` }
  const rejected = [{ place: NO_ITEM, faults: [{ field: 'key', message: messageOf(key) }] }]
  const report = makeReport({ info, sequencer }, [], rejected, world)
  return { type: 'reported', report: await writeReport(world.output, report, signal), queued: 0 }
}
