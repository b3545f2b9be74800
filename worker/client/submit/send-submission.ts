import type { Clock } from '../../../shared/clock.ts'
import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { type IngestReport, ingestReportSchema } from '../../../shared/contracts/ingest-report.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'
import type { Submission } from './plan-submission.ts'
import { sendUpload, type Upload } from './upload.ts'

const LANES = 4

export interface SentRequest {
  readonly upload: Upload
  readonly etag: string
}

/**
 * Reads where ingest will report, so that a bucket which is missing or may not be read is found before anything is
 * uploaded. Throws as the store does.
 */
export const assertReportsReadable = async (
  outputs: ObjectStore,
  { requests: [first] }: Submission,
  signal: AbortSignal,
): Promise<void> => {
  if (first === undefined) return
  await readReadableRecord(outputs, reportKey(first.upload.key), ingestReportSchema, signal)
}

/** Uploads everything, a request only when what it needs is there. What was sent before an error stays. */
export const sendSubmission = async (
  inputs: ObjectStore,
  { images, requests }: Submission,
  onSent: (upload: Upload) => void,
  signal: AbortSignal,
): Promise<readonly SentRequest[]> => {
  const send = async (upload: Upload): Promise<string> => {
    const etag = await sendUpload(inputs, upload, signal)
    onSent(upload)
    return etag
  }
  await inLanes(images, LANES, send)
  return await inLanes(requests, LANES, async ({ before, upload }) => {
    for (const needed of before) await send(needed)
    return { upload, etag: await send(upload) }
  })
}

const bare = (etag: string): string => etag.replaceAll('"', '')

export interface AwaitReportsOptions {
  readonly clock: Pick<Clock, 'elapsedMs' | 'sleep'>
  readonly intervalMs: number
  readonly limitMs: number
  /** As soon as it is there. */
  readonly onReport: (request: SentRequest, report: IngestReport) => void
}

/** Waits for what ingest says of each request; returns those of which it said nothing in time. */
export const awaitReports = async (
  outputs: ObjectStore,
  sent: readonly SentRequest[],
  { clock, intervalMs, limitMs, onReport }: AwaitReportsOptions,
  signal: AbortSignal,
): Promise<readonly SentRequest[]> => {
  const endMs = clock.elapsedMs() + limitMs
  let missing = sent
  for (;;) {
    const reports = await inLanes(missing, LANES, ({ upload }) =>
      readReadableRecord(outputs, reportKey(upload.key), ingestReportSchema, signal),
    )
    missing = missing.filter((request, index) => {
      const report = reports[index]?.record
      // Of the same key there may be one on what lay there before.
      if (report === undefined || bare(report.etag) !== bare(request.etag)) return true
      onReport(request, report)
      return false
    })
    if (missing.length === 0 || clock.elapsedMs() >= endMs) return missing
    await clock.sleep(intervalMs, signal)
  }
}
