import { inLanes } from '../../../shared/in-lanes.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { type JobStatus, readJobStatus } from '../tracking/job-status.ts'
import { passesFilter, type RedriveFilter, searchesRecords } from './redrive-filter.ts'

/** A job that was asked for and that a redrive leaves as it is. */
export interface JobLeft {
  readonly jobId: string
  /** Status of the job; `null` if it has no record yet. */
  readonly status: JobStatus | null
  /** Reason why it is not brought back, with what helps instead. */
  readonly reason: string
}

/** Two requests a job, one after the other. */
const LANES = 16

/** Options that keep an ended job from being brought back. */
const excludingOptions = (
  { jobId, result, submittedAt }: JobStatus,
  filter: RedriveFilter,
): readonly string[] => {
  const candidate = { jobId, result, sentAt: new Date(submittedAt) }
  return [
    ...(passesFilter(candidate, { ...filter, endedBefore: null }) ? [] : ['--class']),
    ...(passesFilter(candidate, { ...filter, classes: null }) ? [] : ['--older-than']),
  ]
}

/** Says why a failed job has no dead-letter message. */
const noMessageText = ({ result }: JobStatus): string =>
  result?.failure?.class === 'exhausted'
    ? 'and has no dead-letter message any more, unless another process has it at the moment'
    : 'which leaves no dead-letter message'

const reasonOfEnded = (status: JobStatus, filter: RedriveFilter): string => {
  const { state, result, updatedAt } = status
  const ended = state === 'failed' ? `failed as ${result?.failure?.class}` : 'was cancelled'
  const options = excludingOptions(status, filter)
  if (options.length > 0) return `${ended} at ${updatedAt}, left out by ${options.join(' and ')}`
  return searchesRecords(filter)
    ? `${ended} at ${updatedAt}, after this command had read its records; redrive it again`
    : `${ended} at ${updatedAt}, ${noMessageText(status)}`
}

const reasonOf = (status: JobStatus | null, filter: RedriveFilter): string => {
  if (status === null) return 'has no record yet; wait until ingest has queued it'
  const { state, attempt, updatedAt } = status
  switch (state) {
    case 'succeeded':
      return 'succeeded, and keeps its clip'
    case 'cancelled':
      return filter.named.has(status.jobId)
        ? reasonOfEnded(status, filter)
        : 'was cancelled; name it with --job to bring it back'
    case 'failed':
      return reasonOfEnded(status, filter)
    case 'queued':
      return `is still in the queue, since ${updatedAt}`
    default:
      return `is in work: ${state}, attempt ${attempt}`
  }
}

/** Says of each of these jobs why it was not brought back. */
export const explainJobsLeft = async (
  outputs: ObjectStore,
  jobIds: readonly string[],
  filter: RedriveFilter,
  signal: AbortSignal,
): Promise<readonly JobLeft[]> =>
  await inLanes(jobIds, LANES, async (jobId) => {
    const status = await readJobStatus(outputs, jobId, signal)
    return { jobId, status, reason: reasonOf(status, filter) }
  })
