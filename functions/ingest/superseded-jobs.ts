import { isDeepStrictEqual } from 'node:util'
import type { IngestFault, IngestReport, SupersededJob } from '../../shared/contracts/ingest-report.ts'
import { NO_ITEM } from '../../shared/manifest/fault-list.ts'

/*
 * What a report tells of jobs that earlier reports on the same upload named: a sidecar that came after its image has
 * other clips made, or none if it has faults. An upload that overwrites another is a new order, whose report begins
 * anew: the clips of both may be wanted, so the jobs of the first go on.
 */

/** A sidecar may be replaced again and again. Jobs that are not decided about are listed in any case. */
const MAX_DECIDED_LISTED = 1_000
const MAX_IDS_SHOWN = 3

const FIELD = 'superseded'

const idsOf = (jobs: readonly { readonly job_id: string }[]): ReadonlySet<string> =>
  new Set(jobs.map(({ job_id }) => job_id))

const isPending = ({ outcome }: SupersededJob): boolean => outcome === 'pending'

const isSameUpload = (before: IngestReport, report: IngestReport): boolean =>
  before.etag === report.etag &&
  before.version_id === report.version_id &&
  (before.sequencer === null || report.sequencer === null || before.sequencer === report.sequencer)

const TOLD: Readonly<Record<SupersededJob['outcome'], string>> = {
  pending: 'not decided yet',
  cancelled: 'cancelled',
  done: 'ended before, and the result stays',
  kept: 'goes on, because another upload orders it',
}

const shownIds = (jobs: readonly SupersededJob[]): string => {
  const shown = jobs.slice(0, MAX_IDS_SHOWN).map(({ job_id }) => job_id)
  return shown.join(', ') + (jobs.length > shown.length ? ` and ${jobs.length - shown.length} more` : '')
}

/** A fault that tells of the jobs that there are all the same; empty: there are none. */
const faultOf = (superseded: readonly SupersededJob[]): readonly IngestFault[] => {
  if (superseded.length === 0) return []
  const groups = [...Map.groupBy(superseded, ({ outcome }) => outcome)]
  const told = groups.map(([outcome, jobs]) => `${shownIds(jobs)} (${TOLD[outcome]})`).join('; ')
  const message = `jobs were made of this upload before its sidecar came: ${told}; upload a sidecar without faults`
  return [{ ...NO_ITEM, field: FIELD, message }]
}

const withSuperseded = (report: IngestReport, superseded: readonly SupersededJob[]): IngestReport => {
  const decided = new Set(superseded.filter((job) => !isPending(job)).slice(-MAX_DECIDED_LISTED))
  const listed = superseded.filter((job) => isPending(job) || decided.has(job))
  const faults = report.faults.filter(({ field }) => field !== FIELD)
  return {
    ...report,
    superseded: listed,
    faults: report.state === 'rejected' ? [...faults, ...faultOf(listed)] : faults,
  }
}

/** The report with what it supersedes of the one before: nothing if that one is on another upload. */
export const supersede = (before: IngestReport, report: IngestReport): IngestReport => {
  if (!isSameUpload(before, report)) return report
  const named = idsOf(report.jobs)
  const carried = before.superseded.filter(({ job_id }) => !named.has(job_id))
  const known = idsOf(carried)
  const dropped = [...idsOf(before.jobs)].filter((jobId) => !named.has(jobId) && !known.has(jobId))
  const pending = dropped.map((job_id): SupersededJob => ({ job_id, outcome: 'pending' }))
  return withSuperseded(report, [...carried, ...pending])
}

const answerOf = ({ state, jobs, faults }: IngestReport) => ({
  state,
  jobs: jobs.map(({ job_id }) => job_id),
  faults: faults.filter(({ field }) => field !== FIELD),
})

/** Whether the report answers the same upload in another way than the one before, because its sidecar is another. */
export const isRevision = (before: IngestReport, report: IngestReport): boolean =>
  isSameUpload(before, report) && !isDeepStrictEqual(answerOf(before), answerOf(report))

/** Jobs that the report names again, after the one before had superseded them. */
export const jobsNamedAgain = (before: IngestReport, report: IngestReport): ReadonlySet<string> => {
  const superseded = idsOf(before.superseded)
  return new Set([...idsOf(report.jobs)].filter((jobId) => superseded.has(jobId)))
}

export const pendingJobs = ({ superseded }: IngestReport): readonly string[] =>
  superseded.filter(isPending).map(({ job_id }) => job_id)

/** The report with what was decided of the jobs that it lists as pending. */
export const withOutcomes = (
  report: IngestReport,
  outcomeOf: (jobId: string) => SupersededJob['outcome'],
): IngestReport =>
  withSuperseded(
    report,
    report.superseded.map((job) => (isPending(job) ? { ...job, outcome: outcomeOf(job.job_id) } : job)),
  )
