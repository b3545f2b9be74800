import { failuresFolder } from '../../../shared/contracts/bucket-layout.ts'
import { type ResultRecord, resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'

/** The newest result that was archived so that its job could be rendered again; `null` if there is none. */
export const lastArchivedResult = async (
  outputs: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<ResultRecord | null> => {
  let last: string | undefined
  for await (const { key } of outputs.list(failuresFolder(jobId), signal)) last = key
  if (last === undefined) return null
  return (await readReadableRecord(outputs, last, resultRecordSchema, signal))?.record ?? null
}
