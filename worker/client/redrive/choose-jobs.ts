import { resultKey } from '../../../shared/contracts/bucket-layout.ts'
import type { JobMessage } from '../../../shared/contracts/job-message.ts'
import { type ResultRecord, resultRecordSchema } from '../../../shared/contracts/result-record.ts'
import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'
import { findFailedRecords } from './failed-records.ts'
import { lastArchivedResult } from './last-archived-result.ts'
import { type DeadLetterMessage, isJobs, type JobDeadLetterMessage } from './leased-dead-letters.ts'
import { passesFilter, type RedriveFilter, searchesRecords } from './redrive-filter.ts'

export interface ChosenJob {
  readonly job: JobMessage
  /** The last result of the job; `null` if no record says yet that it failed. */
  readonly result: ResultRecord | null
  /** Leased messages of the job: one as a rule, though SQS may keep a second copy; empty if it has none yet. */
  readonly deadLetterMessages: readonly JobDeadLetterMessage[]
}

const LANES = 16

/** Reads the last result of a job, also if a redrive that was interrupted has archived it. */
const lastResult = async (
  outputs: ObjectStore,
  jobId: string,
  signal: AbortSignal,
): Promise<ResultRecord | null> => {
  const stored = await readReadableRecord(outputs, resultKey(jobId), resultRecordSchema, signal)
  return stored?.record ?? (await lastArchivedResult(outputs, jobId, signal))
}

/** Jobs with a dead-letter message that pass the filter. */
const chooseByDeadLetters = async (
  outputs: ObjectStore,
  deadLetterMessages: readonly JobDeadLetterMessage[],
  filter: RedriveFilter,
  signal: AbortSignal,
): Promise<readonly ChosenJob[]> => {
  const groups = Map.groupBy(deadLetterMessages, ({ job }) => job.job_id)
  const chosen = await inLanes([...groups.values()], LANES, async (group) => {
    const [first] = group
    if (first === undefined) return null
    const { job, message } = first
    const result = await lastResult(outputs, job.job_id, signal)
    const candidate = { jobId: job.job_id, result, sentAt: message.sentAt }
    return passesFilter(candidate, filter) ? { job, result, deadLetterMessages: group } : null
  })
  return chosen.filter((one) => one !== null)
}

export const chooseJobs = async (
  outputs: ObjectStore,
  held: Iterable<DeadLetterMessage>,
  filter: RedriveFilter,
  signal: AbortSignal,
): Promise<readonly ChosenJob[]> => {
  const deadLetterMessages = [...held].filter(isJobs)
  const chosen = await chooseByDeadLetters(outputs, deadLetterMessages, filter, signal)
  if (!searchesRecords(filter)) return chosen
  const withDeadLetter = new Set(deadLetterMessages.map(({ job }) => job.job_id))
  const records = await findFailedRecords(outputs, filter, signal)
  return [
    ...chosen,
    ...records
      .filter(({ job_id }) => !withDeadLetter.has(job_id))
      .map((result) => ({ job: result.job, result, deadLetterMessages: [] })),
  ]
}
