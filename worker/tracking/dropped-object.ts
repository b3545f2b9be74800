import { IMAGES_PREFIX, MANIFESTS_PREFIX, reportKey } from '../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../shared/contracts/ingest-report.ts'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'
import { readRecord } from './read-record.ts'

/** A manifest may be called by what follows `manifests/`. */
export const droppedKey = (typed: string): string =>
  typed.startsWith(IMAGES_PREFIX) || typed.startsWith(MANIFESTS_PREFIX) ? typed : MANIFESTS_PREFIX + typed

/** Keys that may be meant: an upload outside `images/` and `manifests/` has a report too, under its own key. */
const candidates = (typed: string): readonly string[] => [...new Set([droppedKey(typed), typed])]

/** The report of a manifest, or of another upload. Throws InvalidInputError where nothing is known of it. */
export const reportOfManifest = async (
  outputs: ObjectStore,
  typed: string,
  signal: AbortSignal,
): Promise<IngestReport> => {
  for (const candidate of candidates(typed)) {
    const stored = await readRecord(outputs, reportKey(candidate), ingestReportSchema, signal)
    if (stored !== null) return stored.record
  }
  const key = reportKey(droppedKey(typed))
  throw new InvalidInputError(
    '--manifest',
    `got '${typed}'; there is no s3://${outputs.bucket}/${key}: check the key, or wait if it was dropped just now`,
  )
}
