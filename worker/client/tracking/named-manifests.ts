import { MANIFESTS_PREFIX, REPORTS_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'

const FOLDER = `${REPORTS_PREFIX}${MANIFESTS_PREFIX}`
const REPORT_ENDING = '.json'

/** A manifest on which ingest has reported. */
export interface NamedManifest {
  /** Key of the manifest in the input bucket. */
  readonly key: string
  /** Time at which the report was written last. */
  readonly reportedAt: Date
}

/**
 * Manifests whose key ends with `/name`, the newest report first. `svd submit` gives each upload a folder of its own, so
 * many manifests of different days may have one name. S3 lists a thousand reports with one request.
 */
export const findNamedManifests = async (
  outputs: ObjectStore,
  name: string,
  signal: AbortSignal,
): Promise<readonly NamedManifest[]> => {
  const ending = `/${name.normalize('NFC')}`
  const found: NamedManifest[] = []
  for await (const { key, lastModified } of outputs.list(FOLDER, signal)) {
    const manifest = key.slice(REPORTS_PREFIX.length, -REPORT_ENDING.length)
    if (manifest.normalize('NFC').endsWith(ending)) found.push({ key: manifest, reportedAt: lastModified })
  }
  return found.sort((a, b) => b.reportedAt.getTime() - a.reportedAt.getTime())
}
