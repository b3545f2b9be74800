import type { FailureClass, ResultRecord } from '../../shared/contracts/result-record.ts'

/** Which failed jobs are to be brought back. */
export interface RedriveFilter {
  /** Only these; null: any. */
  readonly jobIds: ReadonlySet<string> | null
  /** These were asked for one by one: they come back also if they were cancelled. */
  readonly named: ReadonlySet<string>
  /** Only of these classes; null: any. */
  readonly classes: ReadonlySet<FailureClass> | null
  /** Only those that ended before; null: at any time. */
  readonly endedBefore: Date | null
}

/** What is known of a job that may be brought back. */
export interface Candidate {
  readonly jobId: string
  /** Null: nobody has recorded yet that it failed. */
  readonly result: ResultRecord | null
  /** When its message was sent. */
  readonly sentAt: Date
}

/** A message among the dead letters was received as often as the queue allows, whether that is recorded or not. */
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
