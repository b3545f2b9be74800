import { IMAGES_PREFIX, MANIFESTS_PREFIX, reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../../shared/contracts/ingest-report.ts'
import { formsOf } from '../../../shared/contracts/input-names.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { safeText } from '../../../shared/contracts/shown-value.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'
import { findNamedManifests } from './named-manifests.ts'

/** A manifest may be called by what follows `manifests/`. */
export const uploadedKey = (typed: string): string =>
  typed.startsWith(IMAGES_PREFIX) || typed.startsWith(MANIFESTS_PREFIX) ? typed : MANIFESTS_PREFIX + typed

/** An upload as `svd status` names one outside of both folders: `s3://BUCKET/KEY`. */
const EXACT = /^s3:\/\/([^/]+)\/(.+)$/

/** Keys that may be meant: an upload outside `images/` and `manifests/` has a report too, under its own key. */
const candidates = (typed: string): readonly string[] => {
  const exact = EXACT.exec(typed)?.[2]
  const keys = exact === undefined ? [...formsOf(uploadedKey(typed)), ...formsOf(typed)] : formsOf(exact)
  return [...new Set(keys)]
}

const assertBucket = (typed: string, { bucket }: IngestReport): void => {
  const named = EXACT.exec(typed)?.[1]
  if (named === undefined || named === bucket) return
  throw new InvalidInputError(
    '--manifest',
    `got '${typed}'; uploads of this pipeline are in the bucket ${bucket}`,
  )
}

/** Whether a manifest may be meant by its name alone. A whole key is that manifest's and no other's. */
const mayBeName = (typed: string): boolean => uploadedKey(typed) !== typed && !EXACT.test(typed)

export interface FindingManifest {
  /** Called with a sentence that names the manifest which is taken, where several have the name. */
  readonly note: (text: string) => void
  readonly signal: AbortSignal
}

/** Key of the newest manifest of this name; `null`: none has it. */
const newestNamed = async (
  outputs: ObjectStore,
  typed: string,
  { note, signal }: FindingManifest,
): Promise<string | null> => {
  const [newest, other, ...more] = await findNamedManifests(outputs, typed, signal)
  if (newest === undefined) return null
  if (other !== undefined) {
    note(
      `--manifest: ${more.length + 2} manifests are named '${safeText(typed)}'; takes the newest, ` +
        `${safeText(newest.key)}; for another give its key, such as ${safeText(other.key)} (svd batches lists them)`,
    )
  }
  return newest.key
}

/**
 * The report of a manifest, or of another upload. `typed`: its key, what follows `manifests/`, the name of a manifest
 * without its folder, or `s3://BUCKET/KEY`, which is that key alone. A key takes precedence over a name. Of several
 * manifests with one name the newest is taken. Throws InvalidInputError where nothing is known of it.
 */
export const reportOfManifest = async (
  outputs: ObjectStore,
  typed: string,
  finding: FindingManifest,
): Promise<IngestReport> => {
  const keys = candidates(typed)
  const read = (key: string) =>
    readReadableRecord(outputs, reportKey(key), ingestReportSchema, finding.signal)
  for (const candidate of keys) {
    const stored = await read(candidate)
    if (stored === null) continue
    assertBucket(typed, stored.record)
    return stored.record
  }
  const named = mayBeName(typed) ? await newestNamed(outputs, typed, finding) : null
  const stored = named === null ? null : await read(named)
  if (stored !== null) return stored.record
  throw new InvalidInputError(
    '--manifest',
    `got '${typed}'; there is no s3://${outputs.bucket}/${reportKey(keys[0] ?? typed)}` +
      `${mayBeName(typed) ? ', and no other manifest has this name' : ''}: check the key (svd batches lists ` +
      'manifests), or wait if it was uploaded just now',
  )
}

/** Name that `--manifest` takes for this key and for no other; `null` if there is no report on it any more. */
export const exactName = async (
  outputs: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<string | null> => {
  if (uploadedKey(key) === key) return key
  const stored = await readReadableRecord(outputs, reportKey(key), ingestReportSchema, signal)
  return stored === null ? null : `s3://${stored.record.bucket}/${key}`
}
