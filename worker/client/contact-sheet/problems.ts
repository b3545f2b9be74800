import type { IngestFault, IngestReport } from '../../../shared/contracts/ingest-report.ts'
import { formatTime } from './amounts.ts'
import { cardId, imageFileName } from './card-names.ts'
import { failureAdvice, uploadAdvice } from './failure-advice.ts'
import { type Html, html } from './html.ts'
import type { SheetJob } from './sheet-job.ts'

/** Uploads that the page reports: those from which ingest made no jobs, or not all that were requested. */
export interface ProblemUploads {
  /** Newest first. */
  readonly reports: readonly IngestReport[]
  /** Whether there are older ones, which the page leaves out. */
  readonly more: boolean
}

export const NO_UPLOADS: ProblemUploads = { reports: [], more: false }

/** Faults of one upload that the page lists. */
const MAX_FAULTS = 20

const renderFault = ({ item, line, field, message }: IngestFault): Html => html`
<li>${line !== null ? `line ${line}, ` : item !== null && `item ${item}, `}<b>${field}</b> ${message}</li>`

const renderUpload = ({ key, state, faults, more_faults, reported_at }: IngestReport): Html => {
  const more = more_faults + Math.max(0, faults.length - MAX_FAULTS)
  return html`
<li><h3>${key}</h3><p class="what">${state === 'partly' ? 'Upload rejected in part' : 'Upload rejected'}, <time datetime="${reported_at}">${formatTime(reported_at)}</time></p>
<ul class="reason">${faults.slice(0, MAX_FAULTS).map(renderFault)}${
    more > 0 &&
    html`
<li>and ${more} more</li>`
  }</ul>
<p class="advice">${uploadAdvice(state)}</p></li>`
}

const renderFailedJob = ({ status }: SheetJob): Html | null => {
  const { result, jobId } = status
  if (result === null || result.failure === null) return null
  const { failure, finished_at } = result
  return html`
<li><h3><a href="#${cardId(jobId)}">${imageFileName(status)}</a></h3><p class="what">Job failed (${failure.class}), <time datetime="${finished_at}">${formatTime(finished_at)}</time></p>
<p class="reason">${failure.reason}</p>
<p class="advice">${failureAdvice(failure.class, jobId)}</p></li>`
}

const counted = (count: number, one: string, several: string): readonly string[] =>
  count === 0 ? [] : [`${count} ${count === 1 ? one : several}`]

/** Renders failed jobs and uploads that were rejected, with the reasons and what to do; nothing if there are none. */
export const renderProblems = (jobs: readonly SheetJob[], { reports, more }: ProblemUploads): Html | null => {
  const failed = jobs.flatMap((job) => renderFailedJob(job) ?? [])
  if (failed.length + reports.length === 0) return null
  const rejected = reports.filter(({ state }) => state !== 'partly').length
  const counts = [
    ...counted(failed.length, 'failed job', 'failed jobs'),
    ...counted(rejected, 'rejected upload', 'rejected uploads'),
    ...counted(reports.length - rejected, 'upload rejected in part', 'uploads rejected in part'),
  ]
  return html`
<section class="problems" aria-label="Not made"><details open><summary><h2>Not made <small>${counts.join(', ')}${more && ', and older ones'}</small></h2></summary>
<ul>${failed}${reports.map(renderUpload)}</ul></details></section>`
}
