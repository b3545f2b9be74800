import { MAX_STRETCH } from '../../../shared/contracts/clip-warnings.ts'
import { imageFit, lossText } from '../../../shared/contracts/image-fit.ts'
import { formatDollars, formatSeconds, formatTime } from './amounts.ts'
import { renderClips } from './clip.ts'
import { type Html, html } from './html.ts'
import type { ParameterName, UsualParameters } from './parameter-differences.ts'
import { renderParameterChips, renderParameterTable } from './parameter-list.ts'
import { renderPhaseTimes, renderTimesTable, workSeconds } from './phase-times.ts'
import { renderQuality } from './quality-figures.ts'
import type { RejectedSheetClip, SheetJob } from './sheet-job.ts'
import { sweepLabel } from './sweeps.ts'

const SHORT_ID = 8

/** `images/a/x.png` → `x.png`. */
export const imageFileName = ({ status }: SheetJob): string => status.image.source_key.split('/').at(-1) ?? ''

const totalSeconds = ({ status }: SheetJob): number | null => {
  const seconds = status.result?.seconds
  return seconds === null || seconds === undefined ? null : workSeconds(seconds)
}

const psnrOf = ({ clips }: SheetJob): number | null =>
  clips.length === 0 ? null : Math.min(...clips.map(({ quality }) => quality.first_frame_psnr_db))

/** Attributes by which the page's script sorts and searches. */
const sortData = (job: SheetJob, label: string): Html => {
  const { status } = job
  const warned = job.clips.some(({ quality }) => quality.warnings.length > 0)
  const words = [
    status.image.source_key,
    status.jobId,
    label,
    status.origin.key,
    ...(warned ? ['warning'] : []),
    ...(job.rejected.length > 0 ? ['rejected'] : []),
  ]
    .join(' ')
    .toLowerCase()
  return html`data-state="${status.state}" data-words="${words}" data-name="${imageFileName(job).toLowerCase()}" data-newest="${Date.parse(status.updatedAt)}" data-seconds="${totalSeconds(job) ?? ''}" data-cost="${status.result?.cost_usd ?? ''}" data-likeness="${psnrOf(job) ?? ''}"`
}

const renderFacts = (job: SheetJob): Html => {
  const { result, attempt, state, phase, step, steps, image, parameters } = job.status
  const fit = imageFit(image, parameters)
  const loss = lossText(fit)
  const seconds = totalSeconds(job)
  return html`<ul class="facts">
${seconds !== null && html`<li><b>${formatSeconds(seconds)}</b></li>`}
${phase !== null && state === 'rendering' && html`<li><b>${phase} ${step}/${steps}</b></li>`}
${attempt > 0 && html`<li class="${attempt > 1 && 'warn'}">${attempt === 1 ? '1 attempt' : `${attempt} attempts`}</li>`}
${result !== null && result.cost_usd !== null && html`<li title="Device time at the worker's hourly price">${formatDollars(result.cost_usd)}</li>`}
${loss !== null && html`<li class="${fit.stretch > MAX_STRETCH && 'warn'}" title="The image has ${image.width}×${image.height} pixels">${loss}</li>`}
${result?.safer_path === true && html`<li class="warn" title="Small decode chunks that overlap, after a first clip that did not pass its checks">safer path</li>`}
</ul>`
}

const renderRejected = ({ quality, workerId, attemptId }: RejectedSheetClip): Html => html`
<p class="maker" title="Attempt ${attemptId}">Rejected, made by ${workerId}${
  quality.faults.length === 0 && ': passed, but another video of the clip did not'
}</p>${renderQuality(quality)}`

const renderFailure = ({ status, rejected }: SheetJob): Html | null => {
  const { result } = status
  if (result === null) return status.message === null ? null : html`<p class="reason">${status.message}</p>`
  const { failure } = result
  if (failure === null) return null
  return html`<p class="reason"><b>${failure.class}</b> ${failure.reason}</p>${
    rejected.length > 0 ? rejected.map(renderRejected) : failure.quality.map(renderQuality)
  }`
}

const row = (name: string, value: string | number | null): Html | false =>
  value !== null && html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`

const renderDetails = (job: SheetJob, usual: UsualParameters): Html => {
  const { status, clips, rejected } = job
  const { result } = status
  const seconds = result?.seconds ?? null
  return html`<details><summary>Details <code title="${status.jobId}">${status.jobId.slice(0, SHORT_ID)}</code></summary>
${renderParameterTable(status.parameters, usual)}
${seconds !== null && renderTimesTable(seconds)}
<table><tbody>
${row('job', status.jobId)}
${row('image', status.image.source_key)}
${row('from', status.origin.item === null ? status.origin.key : `${status.origin.key}, item ${status.origin.item}`)}
${clips.map(({ key }) => row('video', key))}
${rejected.map(({ key }) => row('rejected video', key))}
${row('submitted', formatTime(status.submittedAt))}
${result !== null && row('finished', formatTime(result.finished_at))}
${result !== null && row('device time', formatSeconds(result.device_seconds))}
${result !== null && row('model', result.job.model.id)}
${result !== null && row('worker', `${result.worker.id}, ${result.worker.version}, ${result.worker.execution_provider}`)}
</tbody></table></details>`
}

/** Renders a job. `swept` are the parameters that distinguish it from the others of its sweep; empty if alone. */
export const renderCard = (job: SheetJob, usual: UsualParameters, swept: readonly ParameterName[]): Html => {
  const { status, clips } = job
  const label = sweepLabel(swept, status.parameters)
  const name = imageFileName(job)
  const seconds = status.result?.seconds ?? null
  return html`
<article class="card ${status.state}" ${sortData(job, label)}>
${renderClips(job, label === '' ? name : `${name}, ${label}`)}
<div class="body">
<header><h3 title="${status.image.source_key}">${label === '' ? name : label}</h3>${status.state !== 'succeeded' && html`<span class="state">${status.state}</span>`}</header>
${renderFailure(job)}
${renderFacts(job)}
${renderParameterChips(status.parameters, usual, swept)}
${seconds !== null && renderPhaseTimes(seconds)}
${clips.map(({ quality }) => renderQuality(quality))}
${renderDetails(job, usual)}
</div>
</article>`
}
