import type { InputFault } from '../../shared/contracts/input-fault.ts'
import type { UploadedObject } from '../../shared/contracts/s3-event.ts'
import { NO_ITEM } from '../../shared/manifest/fault-list.ts'
import type { IngestDeps, IngestOutcome } from './ingest-deps.ts'
import { makeReport, writeReport } from './write-report.ts'

/** Reports an upload as rejected. The report is made of the event alone, without a request to the input bucket. */
export const rejectObject = async (
  deps: IngestDeps,
  { key, versionId, etag, sequencer }: UploadedObject,
  fault: InputFault,
  signal: AbortSignal,
): Promise<IngestOutcome> => {
  const info = { key, versionId, etag: etag === null ? '' : `"${etag}"` }
  const report = makeReport({ info, sequencer }, [], [{ location: NO_ITEM, faults: [fault] }], deps)
  return { type: 'reported', report: await writeReport(deps.output, report, signal), queued: 0 }
}
