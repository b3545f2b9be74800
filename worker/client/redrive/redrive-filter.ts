import type { FailureClass, ResultRecord } from '../../../shared/contracts/result-record.ts'

/** Which failed jobs are to be brought back. */
export interface RedriveFilter {
  /** Ids of the jobs that pass; `null` for any. */
  readonly jobIds: ReadonlySet<string> | null
  /** Ids that the user named one by one: these jobs come back also if they were cancelled. */
  readonly named: ReadonlySet<string>
  /** Failure classes that pass; `null` for any. */
  readonly classes: ReadonlySet<FailureClass> | null
  /** Time before which a job must have ended; `null` for any. */
  readonly endedBefore: Date | null
}

/** Whether records are searched too, because the filter may include jobs without a dead-letter message. */
export const searchesRecords = ({ jobIds, classes }: RedriveFilter): boolean =>
  jobIds !== null || classes !== null

/** Properties of a job that may be brought back. */
export interface Candidate {
  readonly jobId: string
  /** The last result of the job; `null` if no record says yet that it failed. */
  readonly result: ResultRecord | null
  /** When its message was sent. */
  readonly sentAt: Date
}

/** A dead-letter message was received as often as the queue allows, whether that is recorded or not. */
const classOf = ({ result }: Candidate): FailureClass => result?.failure?.class ?? 'exhausted'

const endOf = ({ result, sentAt }: Candidate): Date =>
  result === null ? sentAt : new Date(result.finished_at)

export const passesFilter = (candidate: Candidate, filter: RedriveFilter): boolean =>
  (filter.jobIds?.has(candidate.jobId) ?? true) &&
  (filter.classes?.has(classOf(candidate)) ?? true) &&
  (filter.endedBefore === null || endOf(candidate) < filter.endedBefore)

/** A job that was cancelled did not fail: it comes back only if it is named. */
export const mayComeBack = (
  { result, jobId }: Pick<Candidate, 'jobId' | 'result'>,
  { named }: Pick<RedriveFilter, 'named'>,
): boolean =>
  result === null || result.state === 'failed' || (result.state === 'cancelled' && named.has(jobId))
