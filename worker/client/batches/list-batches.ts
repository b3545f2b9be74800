import { IMAGES_PREFIX, MANIFESTS_PREFIX, REPORTS_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'

/** Uploads that belong together: a manifest, or the images of one folder that were uploaded without a manifest. */
export interface ListedBatch {
  readonly kind: 'manifest' | 'images'
  /** Key of the manifest, or key of the folder with `/` at its end, in the input bucket. */
  readonly key: string
  /** Keys of the uploads, the newest report first: one of a manifest. */
  readonly uploads: readonly string[]
  /** Time at which the newest of their reports was written last. */
  readonly reportedAt: Date
}

interface ReportedUpload {
  readonly key: string
  readonly reportedAt: Date
}

const REPORT_ENDING = '.json'

async function* reportsUnder(
  outputs: ObjectStore,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<ReportedUpload> {
  for await (const { key, lastModified } of outputs.list(`${REPORTS_PREFIX}${prefix}`, signal))
    yield { key: key.slice(REPORTS_PREFIX.length, -REPORT_ENDING.length), reportedAt: lastModified }
}

/** `images/a/` for `images/a/b/x.png`: `svd submit` gives the images of one call one folder. */
const folderOf = (key: string): string => {
  const [, folder = IMAGES_PREFIX] = /^(images\/[^/]+\/)/.exec(key) ?? []
  return folder
}

const newestFirst = (a: ReportedUpload, b: ReportedUpload): number =>
  b.reportedAt.getTime() - a.reportedAt.getTime()

/**
 * Lists the batches of a bucket by the reports of ingest, the newest report first. S3 lists a thousand reports with one
 * request. Reports on keys that are too long or not fit to be part of another key are not found.
 */
export const listBatches = async (
  outputs: ObjectStore,
  signal: AbortSignal,
): Promise<readonly ListedBatch[]> => {
  const batches: ListedBatch[] = []
  for await (const { key, reportedAt } of reportsUnder(outputs, MANIFESTS_PREFIX, signal))
    batches.push({ kind: 'manifest', key, uploads: [key], reportedAt })
  const images = await Array.fromAsync(reportsUnder(outputs, IMAGES_PREFIX, signal))
  for (const [key, reports] of Map.groupBy(images, (image) => folderOf(image.key))) {
    const [newest, ...others] = reports.sort(newestFirst)
    if (newest === undefined) continue
    const uploads = [newest, ...others].map((image) => image.key)
    batches.push({ kind: 'images', key, uploads, reportedAt: newest.reportedAt })
  }
  return batches.sort(newestFirst)
}
