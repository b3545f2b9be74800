import { UPLOAD_KINDS, uploadEntryKey } from '../contracts/index-entry.ts'
import type { ObjectStore } from '../ports/object-store.ts'

/*
 * A report and its entry are changed in this order, so that ingest may end anywhere and do all of it again:
 *
 *   forget the report before ─▶ write the report ─▶ note it ─▶ is it still there? else forget it
 *
 * Another run may replace the report before this one notes it. That run finds no entry to forget, so this one checks.
 */

const KEY_OPTIONS = { contentType: 'text/plain; charset=utf-8' } as const

/** Fields of a report that its index entry is made from. */
export interface ReportedUpload {
  /** In the input bucket. */
  readonly key: string
  readonly state: string
  /** ISO 8601. */
  readonly reported_at: string
}

/** Key of the upload's index entry; `null` if the upload was accepted. */
const entryOf = ({ key, state, reported_at }: ReportedUpload): string | null => {
  const kind = UPLOAD_KINDS.find((one) => one === state)
  return kind === undefined ? null : uploadEntryKey(kind, new Date(reported_at), key)
}

/** Enters an upload whose report says that it was rejected, whole or in part. False: it does not say so. */
export const noteReported = async (
  store: ObjectStore,
  report: ReportedUpload,
  signal: AbortSignal,
): Promise<boolean> => {
  const entry = entryOf(report)
  if (entry === null) return false
  await store.create(entry, new TextEncoder().encode(report.key), KEY_OPTIONS, signal)
  return true
}

/** Removes the entry of a report that is about to be replaced. */
export const forgetReported = async (
  store: ObjectStore,
  report: ReportedUpload,
  signal: AbortSignal,
): Promise<void> => {
  const entry = entryOf(report)
  if (entry !== null) await store.delete(entry, signal)
}
