import type { IngestReport } from '../../../shared/contracts/ingest-report.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import type { Services } from '../../aws/services.ts'
import type { Submission } from '../../client/submit/plan-submission.ts'
import {
  assertReportsReadable,
  awaitReports,
  type SentRequest,
  sendSubmission,
} from '../../client/submit/send-submission.ts'
import type { CommandContext } from '../command-context.ts'
import { EXIT_DONE, EXIT_FAILURE, EXIT_INVALID_INPUT } from '../exit-code.ts'
import type { SubmitOptions } from './submit-options.ts'
import { acceptedLines, faultLines, supersededLines, warningLines } from './submit-report.ts'
import { suggestedCommand } from './suggested-command.ts'

const REPORT_INTERVAL_MS = 500

/** An upload and ingest's report of it. */
export interface ReportedRequest {
  readonly request: SentRequest
  /** `null`: ingest has not reported in time. */
  readonly report: IngestReport | null
}

/** Says that ingest has not reported on an upload in time, and how to find its jobs. */
const unreportedLine = ({ upload }: SentRequest, bucket: string, options: SubmitOptions): string =>
  `error: ${upload.name}: no ingest report of s3://${bucket}/${upload.key} within ` +
  `${options.reportTimeout}; the upload is there, and ` +
  `${suggestedCommand(options, ['status', '--manifest', upload.key])} shows its jobs\n`

/** Lines about what ingest did not accept or report; `bucket` is the input bucket. */
export const uploadFaultLines = (
  requests: readonly ReportedRequest[],
  bucket: string,
  options: SubmitOptions,
): string =>
  requests
    .map(({ request, report }) =>
      report === null ? unreportedLine(request, bucket, options) : faultLines(request.upload.name, report),
    )
    .join('')

/** Uploads, waits for ingest's reports, and prints each when it is there. */
export const sendUploads = async (
  submission: Submission,
  { inputs, outputs, limitMs }: { inputs: ObjectStore; outputs: ObjectStore; limitMs: number },
  options: SubmitOptions,
  { clock }: Services,
  { stdout, stderr, signal }: CommandContext,
): Promise<readonly ReportedRequest[]> => {
  const onSent = ({ name, key }: { readonly name: string; readonly key: string }): void => {
    if (!options.quiet) stderr.write(`${name} is at s3://${inputs.bucket}/${key}\n`)
  }
  await assertReportsReadable(outputs, submission, signal)
  const sent = await sendSubmission(inputs, submission, onSent, signal)
  const reports = new Map<string, IngestReport>()
  const onReport = ({ upload }: SentRequest, report: IngestReport): void => {
    reports.set(upload.key, report)
    if (!options.json) stdout.write(acceptedLines(outputs.bucket, report) + supersededLines(report))
    stderr.write(warningLines(upload.name, report) + faultLines(upload.name, report))
  }
  const waits = { clock, intervalMs: REPORT_INTERVAL_MS, limitMs, onReport }
  for (const request of await awaitReports(outputs, sent, waits, signal))
    stderr.write(unreportedLine(request, inputs.bucket, options))
  return sent.map((request) => ({ request, report: reports.get(request.upload.key) ?? null }))
}

/** Exit code of an upload: 2 if ingest rejected a part of it, 1 if ingest has not reported in time. */
export const exitCodeOfReport = (report: IngestReport | null): number => {
  if (report === null) return EXIT_FAILURE
  return report.state === 'accepted' ? EXIT_DONE : EXIT_INVALID_INPUT
}
