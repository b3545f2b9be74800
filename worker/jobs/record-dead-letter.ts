import { reportKey, statusKey } from '../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../shared/contracts/ingest-report.ts'
import type { JobMessage } from '../../shared/contracts/job-message.ts'
import type { JobFailure } from '../../shared/contracts/result-record.ts'
import type { ReceivedMessage } from '../../shared/ports/message-queue.ts'
import { startAttempt } from './attempt.ts'
import type { ClosingDeps } from './close-job.ts'
import { parseJobMessage } from './parse-job-message.ts'
import { resultOf } from './result-of-attempt.ts'
import { createResult, isDone } from './result-store.ts'
import { statusOf } from './status-of-attempt.ts'
import { encodeStatus, readStatus, STATUS_WRITE_OPTIONS } from './status-store.ts'

export interface DeadLetter {
  readonly message: ReceivedMessage
  /** Throws when others may have it again: `svd redrive` may be bringing the job back. */
  readonly assertHeld: () => void
}

export interface RecordingDeps extends ClosingDeps {
  /** Of the dead letters. */
  readonly queueUrl: string
  /** Deliveries before a message became one. */
  readonly maxAttempts: number
}

const UNKNOWN_REASON = 'every attempt ended without a word: the worker or its machine died'

const recordJob = async (
  job: JobMessage,
  { assertHeld }: DeadLetter,
  { store, clock, worker, maxAttempts }: RecordingDeps,
  signal: AbortSignal,
): Promise<boolean> => {
  if (await isDone(store, job.job_id, signal)) return false
  const reason = (await readStatus(store, job.job_id, signal))?.record?.message ?? UNKNOWN_REASON
  const attempt = startAttempt(job, maxAttempts, clock.now())
  const failure: JobFailure = { class: 'exhausted', reason, quality: [] }
  const record = resultOf(attempt, { state: 'failed', failure }, worker, clock.now())
  assertHeld()
  if (!(await createResult(store, record, signal))) return false
  const status = statusOf(attempt, { state: 'failed', message: reason }, worker.id, clock.now())
  await store.put(statusKey(job.job_id), encodeStatus(status), STATUS_WRITE_OPTIONS, signal).catch(() => {})
  return true
}

/** There is no job to fail: what was wrong with the message is reported where a dropped object's faults are. */
const reportMalformed = async (
  { messageId }: ReceivedMessage,
  fault: string,
  { store, clock, queueUrl }: RecordingDeps,
  signal: AbortSignal,
): Promise<boolean> => {
  const key = `messages/${messageId}`
  const report: IngestReport = {
    version: 1,
    bucket: queueUrl,
    key,
    version_id: null,
    etag: '',
    sequencer: null,
    state: 'rejected',
    jobs: [],
    faults: [{ item: null, line: null, item_id: null, field: 'message', message: fault }],
    more_faults: 0,
    reported_at: clock.now().toISOString(),
  }
  const bytes = new TextEncoder().encode(`${JSON.stringify(report, null, 2)}\n`)
  return await store.create(reportKey(key), bytes, { contentType: 'application/json' }, signal)
}

/** False: there is a record of it already. */
export const recordDeadLetter = async (
  letter: DeadLetter,
  deps: RecordingDeps,
  signal: AbortSignal,
): Promise<{ readonly recorded: boolean; readonly jobId: string | null }> => {
  const parsed = parseJobMessage(letter.message.body)
  return 'fault' in parsed
    ? { jobId: null, recorded: await reportMalformed(letter.message, parsed.fault, deps, signal) }
    : { jobId: parsed.job.job_id, recorded: await recordJob(parsed.job, letter, deps, signal) }
}
