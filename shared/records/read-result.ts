import { resultKey } from '../contracts/bucket-layout.ts'
import { type ResultRecord, resultRecordSchema } from '../contracts/result-record.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { type ReadableRecord, readReadableRecord } from './read-record.ts'

export type StoredResult = ReadableRecord<ResultRecord>

/** Reads a job's result; `null` if there is none. Throws if this version cannot read it. */
export const readResult = (
  output: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<StoredResult | null> => readReadableRecord(output, resultKey(jobId), resultRecordSchema, signal)
