import { statusKey } from '../../shared/contracts/bucket-layout.ts'
import { type StatusRecord, statusRecordSchema } from '../../shared/contracts/status-record.ts'
import type { ObjectStore } from '../../shared/ports/object-store.ts'

/** A record has 2 kB. */
const MAX_STATUS_BYTES = 1024 * 1024

export const STATUS_WRITE_OPTIONS = { contentType: 'application/json' } as const

export interface StoredStatus {
  readonly etag: string
  /** Status record; `null` if this version cannot read the object. */
  readonly record: StatusRecord | null
}

export const encodeStatus = (record: StatusRecord): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`)

const parseStatus = (bytes: Uint8Array): StatusRecord | null => {
  try {
    return statusRecordSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return null
  }
}

/** Reads a job's status; `null` if there is none. */
export const readStatus = async (
  store: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<StoredStatus | null> => {
  const object = await store.read(statusKey(jobId), { maxBytes: MAX_STATUS_BYTES }, signal)
  return object === null ? null : { etag: object.etag, record: parseStatus(object.bytes) }
}
