import { isDeepStrictEqual } from 'node:util'
import {
  type IngestFault,
  type IngestReport,
  SUPERSEDED_FIELD,
  type SupersededJob,
} from '../../shared/contracts/ingest-report.ts'
import { MAX_JOBS } from '../../shared/contracts/manifest.ts'
import { NO_ITEM } from '../../shared/manifest/fault-list.ts'
import { isSameUpload, keepDoneBefore } from './keep-done-before.ts'

/*
 * What a report tells of jobs that earlier reports on the same upload named: a sidecar that came after its image has
 * other clips made, or none if it has faults. An upload that overwrites another is a new order, whose report begins
 * anew: the clips of both may be wanted, so the jobs of the first go on.
 *
 * Where image and sidecar are both overwritten, their events come in any order. The first of them finds an old image with
 * a new sidecar, or the other way round, and makes clips that nobody wants:
 *
 *   the image's event first     its report names them; the sidecar's run supersedes them
 *   the sidecar's event first   its run notes which jobs it added to the report (`revision`); the report on the newer
 *                               image supersedes them, if it comes soon. Later, that image is an order of its own
 */

/**
 * As many as a sidecar can order, because they are in no other report. A sidecar may be replaced again and again, so older
 * ones go. Jobs that are not decided about are listed in any case.
 */
const MAX_DECIDED_LISTED = MAX_JOBS
const MAX_IDS_SHOWN = 3

/** Uploads of an image and its sidecar belong together if their events are that close: runs may fail and come again. */
const SOON_MS = 30 * 60_000

const idsOf = (jobs: readonly { readonly job_id: string }[]): ReadonlySet<string> =>
  new Set(jobs.map(({ job_id }) => job_id))

const isPending = ({ outcome }: SupersededJob): boolean => outcome === 'pending'

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
  const message = `jobs were made before the image or its sidecar was uploaded anew: ${told}; upload them without faults`
  return [{ ...NO_ITEM, field: SUPERSEDED_FIELD, message }]
}

const withSuperseded = (report: IngestReport, superseded: readonly SupersededJob[]): IngestReport => {
  const decided = new Set(superseded.filter((job) => !isPending(job)).slice(-MAX_DECIDED_LISTED))
  const listed = superseded.filter((job) => isPending(job) || decided.has(job))
  const faults = report.faults.filter(({ field }) => field !== SUPERSEDED_FIELD)
  return {
    ...report,
    superseded: listed,
    faults: report.state === 'rejected' ? [...faults, ...faultOf(superseded)] : faults,
  }
}

const asPending = (jobIds: Iterable<string>): readonly SupersededJob[] =>
  [...jobIds].map((job_id) => ({ job_id, outcome: 'pending' }))

/** The report with more jobs that it supersedes as pending, unless it names them or lists them already. */
export const withPending = (report: IngestReport, jobIds: Iterable<string>): IngestReport => {
  const named = idsOf(report.jobs)
  const listed = idsOf(report.superseded)
  const pending = [...new Set(jobIds)].filter((jobId) => !named.has(jobId) && !listed.has(jobId))
  return withSuperseded(report, [...report.superseded, ...asPending(pending)])
}

/** Jobs of a report on another upload that nobody wants any more: see above. */
const unwantedAfter = (before: IngestReport, { reported_at }: IngestReport): readonly string[] => {
  const { revision } = before
  const isSoon = revision !== undefined && Date.parse(reported_at) - Date.parse(revision.revised_at) < SOON_MS
  return [...pendingJobs(before), ...(isSoon ? revision.job_ids : [])]
}

/** The report with the jobs that were added to it since its first version. */
const withRevision = (before: IngestReport, report: IngestReport): IngestReport => {
  const namedBefore = idsOf(before.jobs)
  const named = idsOf(report.jobs)
  const noted = (before.revision?.job_ids ?? []).filter((jobId) => named.has(jobId))
  const added = [...named].filter((jobId) => !namedBefore.has(jobId))
  const revised_at = added.length > 0 ? report.reported_at : before.revision?.revised_at
  const job_ids = [...noted, ...added]
  return revised_at === undefined || job_ids.length === 0
    ? report
    : { ...report, revision: { revised_at, job_ids } }
}

/**
 * The report with what it supersedes of the one before. If that one is on another upload, these are only the jobs that
 * nobody wants any more.
 */
export const supersede = (before: IngestReport, report: IngestReport): IngestReport => {
  if (!isSameUpload(before, report)) return withPending(report, unwantedAfter(before, report))
  const named = idsOf(report.jobs)
  const carried = before.superseded.filter(({ job_id }) => !named.has(job_id))
  const superseding = { ...keepDoneBefore(before, report), superseded: [...carried] }
  return withRevision(before, withPending(superseding, idsOf(before.jobs)))
}

const answerOf = ({ state, jobs, faults }: IngestReport) => ({
  state,
  jobs: jobs.map(({ job_id }) => job_id),
  faults: faults.filter(({ field }) => field !== SUPERSEDED_FIELD),
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
