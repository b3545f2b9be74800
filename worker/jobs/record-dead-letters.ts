import { reportKey, statusKey } from '../../shared/contracts/bucket-layout.ts'
import type { IngestReport } from '../../shared/contracts/ingest-report.ts'
import type { JobMessage } from '../../shared/contracts/job-message.ts'
import type { JobFailure } from '../../shared/contracts/result-record.ts'
import type { MessageQueue, ReceivedMessage } from '../../shared/ports/message-queue.ts'
import { startAttempt } from './attempt.ts'
import { CLOSE_LIMIT_MS, type ClosingDeps } from './close-job.ts'
import { parseJobMessage } from './parse-job-message.ts'
import { resultOf } from './result-of-attempt.ts'
import { createResult, isDone } from './result-store.ts'
import { statusOf } from './status-of-attempt.ts'
import { encodeStatus, readStatus, STATUS_WRITE_OPTIONS } from './status-store.ts'
import { withTimeLimit } from './time-limit.ts'

/*
 * A worker that fails a job for the last time writes its record. One that dies in its last attempt does not, and the
 * queue moves the message to the dead letters without a word. So the dead letters are looked through:
 *
 *   receive until none is left ─▶ each without a record gets one ─▶ all are handed back
 *   out of sight for VISIBILITY_SECONDS, so that none comes twice
 *
 * None is ever removed: `svd redrive` brings them back.
 */

export interface DeadLetterDeps extends ClosingDeps {
  readonly deadLetters: MessageQueue
  /** Deliveries before a message came here. */
  readonly maxAttempts: number
  readonly onRecorded: (recorded: { readonly messageId: string; readonly jobId: string | null }) => void
}

const VISIBILITY_SECONDS = 120
/** Of one look: some 30 s of requests. The next one gets others. */
const MAX_MESSAGES = 1000
const BATCH = 10

const UNKNOWN_REASON = 'every attempt ended without a word: the worker or its machine died'

const recordJob = async (job: JobMessage, deps: DeadLetterDeps, signal: AbortSignal): Promise<boolean> => {
  const { store, clock, worker, maxAttempts } = deps
  if (await isDone(store, job.job_id, signal)) return false
  const reason = (await readStatus(store, job.job_id, signal))?.record?.message ?? UNKNOWN_REASON
  const attempt = startAttempt(job, maxAttempts, clock.now())
  const failure: JobFailure = { class: 'exhausted', reason, quality: [] }
  const record = resultOf(attempt, { state: 'failed', failure }, worker, clock.now())
  if (!(await createResult(store, record, signal))) return false
  const status = statusOf(attempt, { state: 'failed', message: reason }, worker.id, clock.now())
  await store.put(statusKey(job.job_id), encodeStatus(status), STATUS_WRITE_OPTIONS, signal).catch(() => {})
  return true
}

/** There is no job to fail: what was wrong with the message is reported where a dropped object's faults are. */
const reportMalformed = async (
  { messageId }: ReceivedMessage,
  fault: string,
  { store, clock, deadLetters }: DeadLetterDeps,
  signal: AbortSignal,
): Promise<boolean> => {
  const key = `messages/${messageId}`
  const report: IngestReport = {
    version: 1,
    bucket: deadLetters.url,
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

const recordOne = async (
  message: ReceivedMessage,
  deps: DeadLetterDeps,
  signal: AbortSignal,
): Promise<void> => {
  const parsed = parseJobMessage(message.body)
  const { messageId } = message
  if ('fault' in parsed) {
    if (await reportMalformed(message, parsed.fault, deps, signal))
      deps.onRecorded({ messageId, jobId: null })
  } else if (await recordJob(parsed.job, deps, signal)) {
    deps.onRecorded({ messageId, jobId: parsed.job.job_id })
  }
}

/**
 * Looks through the dead letters once. Never throws: what could not be recorded is there for the next look. Hands
 * back what it holds when `signal` aborts.
 */
export const recordDeadLetters = async (deps: DeadLetterDeps, signal: AbortSignal): Promise<void> => {
  const { deadLetters, clock } = deps
  const limited = <T>(run: (signal: AbortSignal) => Promise<T>, until?: AbortSignal): Promise<T> =>
    withTimeLimit({ clock, limitMs: CLOSE_LIMIT_MS, ...(until === undefined ? {} : { signal: until }) }, run)
  const held: ReceivedMessage[] = []
  try {
    while (held.length < MAX_MESSAGES) {
      const options = { maxMessages: BATCH, waitSeconds: 1, visibilitySeconds: VISIBILITY_SECONDS }
      const messages = await limited((within) => deadLetters.receive(options, within), signal)
      if (messages.length === 0) break
      held.push(...messages)
      for (const message of messages) {
        await limited((within) => recordOne(message, deps, within), signal).catch(() => {})
        signal.throwIfAborted()
      }
    }
  } catch {
    // The queue is not there, or the worker has to go.
  }
  await Promise.all(
    held.map(({ receiptHandle }) =>
      limited((within) => deadLetters.setVisibility(receiptHandle, 0, within)).catch(() => {}),
    ),
  )
}
