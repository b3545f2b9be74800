import { IMAGES_PREFIX, MANIFESTS_PREFIX, reportKey } from '../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../shared/contracts/ingest-report.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readRecord } from './read-record.ts'

/** A manifest may be called by what follows `manifests/`. */
export const droppedKey = (typed: string): string =>
  typed.startsWith(IMAGES_PREFIX) || typed.startsWith(MANIFESTS_PREFIX) ? typed : MANIFESTS_PREFIX + typed

/** What became of a manifest (or a dropped picture). Throws InvalidInputError where nothing is known of it. */
export const reportOfManifest = async (
  outputs: ObjectStore,
  typed: string,
  signal: AbortSignal,
): Promise<IngestReport> => {
  const key = reportKey(droppedKey(typed))
  const stored = await readRecord(outputs, key, ingestReportSchema, signal)
  if (stored !== null) return stored.record
  throw new InvalidInputError(
    '--manifest',
    `got '${typed}'; there is no s3://${outputs.bucket}/${key}: check the key, or wait if it was dropped just now`,
  )
}
