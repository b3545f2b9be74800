import { MAX_STRETCH } from '../../../shared/contracts/clip-warnings.ts'
import { imageFit, lossText } from '../../../shared/contracts/image-fit.ts'
import { type FormattedFile, filesOfOutput } from '../../../shared/contracts/result-record.ts'
import type { JobStatus } from '../tracking/job-status.ts'
import type { ParameterName, UsualParameters } from '../tracking/parameter-differences.ts'
import { formatDollars, formatSeconds, formatTime } from './amounts.ts'
import { cardId, imageFileName } from './card-names.ts'
import { renderClips } from './clip.ts'
import { type Facet, facetData } from './facets.ts'
import { failureAdvice } from './failure-advice.ts'
import { renderFigure } from './figure.ts'
import { type Html, html } from './html.ts'
import type { Meaning } from './meanings.ts'
import { renderParameterChips, renderParameterTable } from './parameter-list.ts'
import { renderPhaseTimes, renderTimesTable, workSeconds } from './phase-times.ts'
import { renderQuality } from './quality-figures.ts'
import type { RejectedSheetClip, SheetJob } from './sheet-job.ts'
import { sweepLabel } from './sweeps.ts'

const SHORT_ID = 8

const totalSeconds = ({ status }: SheetJob): number | null => {
  const seconds = status.result?.seconds
  return seconds === null || seconds === undefined ? null : workSeconds(seconds)
}

const smallest = (values: readonly number[]): number | null =>
  values.length === 0 ? null : Math.min(...values)

const largest = (values: readonly number[]): number | null =>
  values.length === 0 ? null : Math.max(...values)

/** Least likeness of a job's clips, in decibels; `null` without clips. */
export const likenessOf = ({ clips }: SheetJob): number | null =>
  smallest(clips.map(({ quality }) => quality.first_frame_psnr_db))

/** Most change between frames of a job's clips, in levels of 255; `null` without clips of several frames. */
export const motionOf = ({ clips }: SheetJob): number | null =>
  largest(clips.flatMap(({ quality }) => quality.largest_frame_change ?? []))

const warningsOf = ({ clips }: SheetJob): number =>
  clips.reduce((total, { quality }) => total + quality.warnings.length, 0)

/** Attributes by which the page's script sorts and searches. */
const sortData = (job: SheetJob, label: string, facets: readonly Facet[]): Html => {
  const { status } = job
  const words = [
    status.image.source_key,
    status.jobId,
    label,
    status.origin.key,
    ...(warningsOf(job) > 0 ? ['warning'] : []),
    ...(job.rejected.length > 0 ? ['rejected'] : []),
  ]
    .join(' ')
    .toLowerCase()
  return html`data-state="${status.state}" data-words="${words}" data-name="${imageFileName(status).toLowerCase()}" data-newest="${Date.parse(status.updatedAt)}" data-seconds="${totalSeconds(job) ?? ''}" data-cost="${status.result?.cost_usd ?? ''}" data-likeness="${likenessOf(job) ?? ''}" data-motion="${motionOf(job) ?? ''}" data-warnings="${warningsOf(job)}" data-facets="${facetData(facets, status.parameters)}"`
}

const renderFacts = (job: SheetJob): Html => {
  const { result, attempt, state, phase, step, steps, image, parameters } = job.status
  const fit = imageFit(image, parameters)
  const loss = lossText(fit)
  const seconds = totalSeconds(job)
  const fact = (meaning: Meaning, value: string, isWarning = false): Html =>
    html`<li>${renderFigure(meaning, '', value, isWarning ? { kind: 'warn' } : {})}</li>`
  return html`<ul class="facts">
${seconds !== null && fact('work', formatSeconds(seconds))}
${phase !== null && state === 'rendering' && fact('phase', `${phase} ${step}/${steps}`)}
${attempt > 0 && fact('attempts', attempt === 1 ? '1 attempt' : `${attempt} attempts`, attempt > 1)}
${result !== null && result.cost_usd !== null && fact('cost', formatDollars(result.cost_usd))}
${loss !== null && fact('fit', loss, fit.stretch > MAX_STRETCH)}
${result?.safer_path === true && fact('fallback', 'fallback decode', true)}
</ul>`
}

const renderRejected = ({ quality, workerId }: RejectedSheetClip): Html => html`
<p class="maker">Failed its checks, made by ${workerId}${
  quality.faults.length === 0 && ': passed, but another video of the clip did not'
}</p>${renderQuality(quality)}`

const renderFailure = ({ status, rejected }: SheetJob): Html | null => {
  const { result } = status
  if (result === null) return status.message === null ? null : html`<p class="reason">${status.message}</p>`
  const { failure } = result
  if (failure === null) return null
  return html`<p class="reason"><b>${failure.class}</b> ${failure.reason}</p><p class="advice">${failureAdvice(failure.class, status.jobId)}</p>${
    rejected.length > 0 ? rejected.map(renderRejected) : failure.quality.map(renderQuality)
  }`
}

const row = (name: string, value: string | number | null): Html | false =>
  value !== null && html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`

/** Files in the formats that the job asked for, besides the MP4 that the page plays. */
const filesBesides = ({ result }: JobStatus): readonly FormattedFile[] =>
  (result?.outputs ?? []).flatMap((output) =>
    filesOfOutput(output).filter(({ key }) => key !== output.video.key),
  )

const renderDetails = (job: SheetJob, usual: UsualParameters): Html => {
  const { status, clips, rejected } = job
  const { result } = status
  const seconds = result?.seconds ?? null
  return html`<details><summary>Details <code>${status.jobId.slice(0, SHORT_ID)}</code></summary>
${renderParameterTable(status.parameters, usual)}
${seconds !== null && renderTimesTable(seconds)}
<table><tbody>
${row('job', status.jobId)}
${row('image', `${status.image.source_key}, ${status.image.width}×${status.image.height} pixels`)}
${row('from', status.origin.item === null ? status.origin.key : `${status.origin.key}, item ${status.origin.item}`)}
${clips.map(({ key }) => row('video', key))}
${filesBesides(status).map(({ format, key }) => row(format, key))}
${rejected.map(({ key, attemptId }) => row('rejected video', `${key}, of attempt ${attemptId}`))}
${row('submitted', formatTime(status.submittedAt))}
${result !== null && row('finished', formatTime(result.finished_at))}
${result !== null && row('device time', formatSeconds(result.device_seconds))}
${result !== null && row('model', result.job.model.id)}
${result !== null && row('worker', `${result.worker.id}, ${result.worker.version}, ${result.worker.execution_provider}`)}
</tbody></table></details>`
}

export interface CardContext {
  readonly usual: UsualParameters
  /** Parameters that distinguish the job from the others of its sweep; empty if it is alone. */
  readonly swept: readonly ParameterName[]
  readonly facets: readonly Facet[]
}

/** Renders a job. */
export const renderCard = (job: SheetJob, { usual, swept, facets }: CardContext): Html => {
  const { status, clips } = job
  const label = sweepLabel(swept, status.parameters)
  const name = imageFileName(status)
  const seconds = status.result?.seconds ?? null
  return html`
<article class="card ${status.state}" id="${cardId(status.jobId)}" ${sortData(job, label, facets)}>
${renderClips(job, label === '' ? name : `${name}, ${label}`)}
<div class="body">
<header><h3>${label === '' ? name : label}</h3>${status.state !== 'succeeded' && html`<span class="state">${status.state}</span>`}</header>
${label !== '' && html`<p class="image-name">${name}</p>`}
${renderFailure(job)}
${renderFacts(job)}
${renderParameterChips(status.parameters, usual, swept)}
${seconds !== null && renderPhaseTimes(seconds)}
${clips.map(({ quality }) => renderQuality(quality))}
${renderDetails(job, usual)}
</div>
</article>`
}
