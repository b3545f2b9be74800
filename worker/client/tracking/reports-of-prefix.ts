import { IMAGES_PREFIX, MANIFESTS_PREFIX, REPORTS_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../../shared/contracts/ingest-report.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'

const LANES = 16

/**
 * Reports of the uploads in a folder, as `svd submit --prefix` names it: of those in `manifests/NAME/` and in
 * `images/NAME/`, in the order of their keys. Throws InvalidInputError where there is none.
 */
export const reportsOfPrefix = async (
  outputs: ObjectStore,
  name: string,
  signal: AbortSignal,
): Promise<readonly IngestReport[]> => {
  const folder = name.replace(/\/+$/, '')
  const keys: string[] = []
  for (const kind of [MANIFESTS_PREFIX, IMAGES_PREFIX])
    for await (const { key } of outputs.list(`${REPORTS_PREFIX}${kind}${folder}/`, signal)) keys.push(key)
  const reports = await inLanes(keys, LANES, (key) =>
    readReadableRecord(outputs, key, ingestReportSchema, signal),
  )
  if (keys.length > 0) return reports.flatMap((report) => report?.record ?? [])
  throw new InvalidInputError(
    '--prefix',
    `got '${name}'; ingest has reported on no upload in ${IMAGES_PREFIX}${folder}/ or ${MANIFESTS_PREFIX}${folder}/ ` +
      `of s3://${outputs.bucket}: give the folder that svd submit printed, or wait if it was uploaded just now`,
  )
}
