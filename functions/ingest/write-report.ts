import { isDeepStrictEqual } from 'node:util'
import { reportKey } from '../../shared/contracts/bucket-layout.ts'
import {
  type AcceptedJob,
  type IngestReport,
  REPORT_STATE,
  REPORTED_AT,
  type ReportedContext,
} from '../../shared/contracts/ingest-report.ts'
import { encodeCompactRecord, RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import { isLaterSequencer } from '../../shared/contracts/s3-event.ts'
import {
  forgetReported,
  noteReported,
  type ReportedUpload,
} from '../../shared/job-index/write-upload-entries.ts'
import { openFaultList } from '../../shared/manifest/fault-list.ts'
import type { LocatedFaults } from '../../shared/manifest/parse-manifest.ts'
import type { ObjectInfo, ObjectStore } from '../../shared/ports/object-store.ts'
import type { IngestDeps } from './ingest-deps.ts'

/** Others write it at the same moment only if the same key was uploaded twice within a second. */
const ATTEMPTS = 5

/** Metadata that decide whether a report may be replaced. A report itself may have megabytes. */
const SEQUENCER = 'sequencer'
const ETAG = 'dropped-etag'

/** The part of an upload that its report repeats. */
export interface ReportedObject {
  readonly info: Pick<ObjectInfo, 'key' | 'versionId' | 'etag'>
  /** S3 sequencer of the upload's own event, which orders events of one key; `null` if the event has none or is another's. */
  readonly sequencer: string | null
}

export const makeReport = (
  { info, sequencer }: ReportedObject,
  jobs: readonly AcceptedJob[],
  rejected: readonly LocatedFaults[],
  { input, now }: Pick<IngestDeps, 'input' | 'now'>,
  contexts: readonly ReportedContext[] = [],
): IngestReport => {
  const faults = openFaultList()
  const ordered = rejected.toSorted((a, b) => (a.location.item ?? 0) - (b.location.item ?? 0))
  for (const { faults: found, location } of ordered) faults.add(found, location)
  return {
    version: 1,
    bucket: input.bucket,
    key: info.key,
    version_id: info.versionId,
    etag: info.etag,
    sequencer,
    state: faults.listed.length === 0 ? 'accepted' : jobs.length === 0 ? 'rejected' : 'partly',
    jobs: [...jobs],
    superseded: [],
    ...(contexts.length > 0 && { contexts: [...contexts] }),
    faults: [...faults.listed],
    more_faults: faults.more,
    reported_at: now().toISOString(),
  }
}

/** Whether an earlier report is on an upload with the same content. */
export const isOnContent = ({ metadata }: ObjectInfo, { etag }: Pick<IngestReport, 'etag'>): boolean =>
  metadata[ETAG] === etag

/** A report without an event of its object's own stays in the order of the one before, if it is of the same content. */
const sequencerAfter = (report: IngestReport, before: ObjectInfo): string | null =>
  report.sequencer ?? (isOnContent(before, report) ? (before.metadata[SEQUENCER] ?? null) : null)

const isNewer = (before: ObjectInfo, report: IngestReport): boolean => {
  const theirs = before.metadata[SEQUENCER]
  return theirs !== undefined && report.sequencer !== null && isLaterSequencer(theirs, report.sequencer)
}

export const encodeReport = (report: IngestReport) => ({
  body: encodeCompactRecord(report),
  options: {
    ...RECORD_OPTIONS,
    metadata: {
      [ETAG]: report.etag,
      [REPORT_STATE]: report.state,
      [REPORTED_AT]: report.reported_at,
      ...(report.sequencer !== null && { [SEQUENCER]: report.sequencer }),
    },
  },
})

/** Entry that an earlier report has in the index; `null` if it has none, or if a version without an index wrote it. */
const reportedBefore = (key: string, { metadata }: ObjectInfo): ReportedUpload | null => {
  const { [REPORT_STATE]: state, [REPORTED_AT]: reportedAt } = metadata
  return state === undefined || reportedAt === undefined ? null : { key, state, reported_at: reportedAt }
}

/** Enters a report that was written. The entry goes again if another run has replaced the report meanwhile. */
const noteWritten = async (output: ObjectStore, report: IngestReport, signal: AbortSignal): Promise<void> => {
  if (!(await noteReported(output, report, signal))) return
  const { key, state, reported_at } = report
  const there = await output.head(reportKey(key), signal)
  const isOurs = there !== null && isDeepStrictEqual(reportedBefore(key, there), { key, state, reported_at })
  if (!isOurs) await forgetReported(output, report, signal)
}

/** Makes a report that keeps parts of the one that it replaces. */
export type TakeOver = (before: ObjectInfo, report: IngestReport) => Promise<IngestReport>

const takeOverNothing: TakeOver = async (_, report) => report

/**
 * Writes what became of an uploaded object, unless there is a report on a later upload of the same key. Returns the report
 * as it stands. `takeOver` is called before each try to replace a report.
 */
export const writeReport = async (
  output: ObjectStore,
  report: IngestReport,
  signal: AbortSignal,
  takeOver: TakeOver = takeOverNothing,
): Promise<IngestReport> => {
  const key = reportKey(report.key)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const before = await output.head(key, signal)
    if (before === null) {
      const { body, options } = encodeReport(report)
      if (await output.create(key, body, options, signal)) {
        await noteWritten(output, report, signal)
        return report
      }
    } else {
      if (isNewer(before, report)) return report
      const ours = await takeOver(before, { ...report, sequencer: sequencerAfter(report, before) })
      const replaced = reportedBefore(report.key, before)
      if (replaced !== null) await forgetReported(output, replaced, signal)
      const { body, options } = encodeReport(ours)
      if ((await output.replace(key, before.etag, body, options, signal)) !== null) {
        await noteWritten(output, ours, signal)
        return ours
      }
    }
  }
  throw new Error(`${key}: was written by others ${ATTEMPTS} times in a row`)
}
