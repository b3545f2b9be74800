import { reportKey, statusKey } from '../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../shared/contracts/ingest-report.ts'
import type { JobMessage } from '../../shared/contracts/job-message.ts'
import { encodeRecord, RECORD_OPTIONS } from '../../shared/contracts/record-bytes.ts'
import type { JobFailure } from '../../shared/contracts/result-record.ts'
import type { StatusRecord } from '../../shared/contracts/status-record.ts'
import { statusRecordSchema } from '../../shared/contracts/status-record.ts'
import { noteEnded } from '../../shared/job-index/write-entries.ts'
import type { ReceivedMessage } from '../../shared/ports/message-queue.ts'
import { readRecord } from '../../shared/records/read-record.ts'
import { readResult } from '../../shared/records/read-result.ts'
import { startAttempt } from './attempt.ts'
import type { ClosingDeps } from './close-job.ts'
import { parseJobMessage } from './parse-job-message.ts'
import { resultOf } from './result-of-attempt.ts'
import { createResult, hasResult } from './result-store.ts'
import { lastReason, mayRender, rejectedOf } from './spent-attempts.ts'
import { statusOfAttempt } from './status-of-attempt.ts'

export interface DeadLetter {
  readonly message: ReceivedMessage
  /** Throws once the message may be visible to others again, because `svd redrive` may then bring the job back. */
  readonly assertHeld: () => void
}

export interface RecordingDeps extends ClosingDeps {
  /** URL of the dead-letter queue. */
  readonly queueUrl: string
}

/** - `obsolete`  the job succeeded or was cancelled, so that nothing is left to bring back */
export type DeadLetterState = 'recorded' | 'known' | 'obsolete'

/** Reason of the failure. The queue only counts deliveries, so the outcome of the last one comes from the status. */
const reasonIn = (status: StatusRecord | null): string => {
  const given = 'the queue gave it up after as many deliveries as it allows'
  const last = status === null ? null : (status.message ?? lastReason(status.attempts))
  return last === null
    ? `${given}, and no worker reported why it did not finish`
    : `${given}; the last: ${last}`
}

const recordJob = async (
  job: JobMessage,
  { message, assertHeld }: DeadLetter,
  { store, clock, worker }: RecordingDeps,
  signal: AbortSignal,
): Promise<DeadLetterState> => {
  if (await hasResult(store, job.job_id, signal)) {
    const done = (await readResult(store, job.job_id, signal).catch(() => null))?.record ?? null
    // The worker that wrote the record may have ended before it entered the job in the index.
    if (done !== null) await noteEnded(store, done, clock.now(), signal)
    return done === null || done.state === 'failed' ? 'known' : 'obsolete'
  }
  const known = (await readRecord(store, statusKey(job.job_id), statusRecordSchema, signal))?.record ?? null
  // Another worker may render it, by a second copy of its message. The next poll decides.
  if (mayRender(known?.attempts ?? [], clock.now())) return 'known'
  const reason = reasonIn(known)
  const attempt = startAttempt(job, Math.max(message.receiveCount, known?.attempt ?? 0), clock.now())
  const failure: JobFailure = {
    class: 'exhausted',
    reason,
    quality: [],
    rejected: rejectedOf(known?.attempts ?? []),
  }
  const record = resultOf(attempt, { state: 'failed', failure }, worker, clock.now())
  assertHeld()
  if (!(await createResult(store, record, signal))) return 'known'
  await noteEnded(store, record, clock.now(), signal)
  const change = { state: 'failed', message: reason } as const
  const status = statusOfAttempt(attempt, change, worker.id, clock.now(), known?.attempts, known)
  await store.put(statusKey(job.job_id), encodeRecord(status), RECORD_OPTIONS, signal).catch(() => {})
  return 'recorded'
}

/** Writes the faults of a malformed message as an ingest report, because there is no job that could fail. */
const reportMalformed = async (
  { messageId }: ReceivedMessage,
  fault: string,
  { store, clock, queueUrl }: RecordingDeps,
  signal: AbortSignal,
): Promise<DeadLetterState> => {
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
    superseded: [],
    faults: [{ item: null, line: null, item_id: null, field: 'message', message: fault }],
    more_faults: 0,
    reported_at: clock.now().toISOString(),
  }
  const bytes = encodeRecord(report)
  const created = await store.create(reportKey(key), bytes, RECORD_OPTIONS, signal)
  return created ? 'recorded' : 'known'
}

/** Records a dead-letter message. `known`: there is a record of it already, or it is too early for one. */
export const recordDeadLetter = async (
  letter: DeadLetter,
  deps: RecordingDeps,
  signal: AbortSignal,
): Promise<{ readonly state: DeadLetterState; readonly jobId: string | null }> => {
  const parsed = parseJobMessage(letter.message.body)
  return 'fault' in parsed
    ? { jobId: null, state: await reportMalformed(letter.message, parsed.fault, deps, signal) }
    : { jobId: parsed.job.job_id, state: await recordJob(parsed.job, letter, deps, signal) }
}
