import type { ResultRecord } from '../../../shared/contracts/result-record.ts'
import { formatSeconds } from './amounts.ts'
import { renderFigure } from './figure.ts'
import { type Html, html } from './html.ts'

type Times = NonNullable<ResultRecord['seconds']>

/** Phases of the work on a job, in their order. The wait in the queue is not one of them. */
const PHASES: readonly { readonly name: Exclude<keyof Times, 'waiting'>; readonly label: string }[] = [
  { name: 'prepare', label: 'prepare' },
  { name: 'load', label: 'load model' },
  { name: 'encode_image', label: 'encode image' },
  { name: 'denoise', label: 'denoise' },
  { name: 'decode', label: 'decode' },
  { name: 'encode_video', label: 'encode video' },
  { name: 'check', label: 'check' },
  { name: 'publish', label: 'publish' },
]

export const workSeconds = (times: Times): number =>
  PHASES.reduce((total, { name }) => total + times[name], 0)

/** Widths as attributes: a policy without inline styles refuses them as styles. */
const bar = (times: Times, total: number): Html => {
  let start = 0
  const parts = PHASES.map(({ name }) => {
    const width = (times[name] / total) * 1000
    const part = html`<rect class="phase-${name}" x="${start.toFixed(2)}" width="${width.toFixed(2)}" height="10"/>`
    start += width
    return part
  })
  return html`<svg class="phases" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`
}

/** Shorter ones are in the bar and in the details alone. */
const SHOWN_SHARE = 0.04

/** Renders the times of an attempt: a bar of all phases, and a list of the longest ones. */
export const renderPhaseTimes = (times: Times): Html | null => {
  const total = workSeconds(times)
  if (total <= 0) return null
  const shown = PHASES.filter(({ name }) => times[name] >= total * SHOWN_SHARE)
  return html`${bar(times, total)}
<ul class="times">${shown.map(
    ({ name, label }) =>
      html`<li>${renderFigure(name, label, formatSeconds(times[name]), { mark: html`<span class="dot phase-${name}"></span>` })}</li>`,
  )}</ul>`
}

export const renderTimesTable = (times: Times): Html => html`
<table><tbody><tr><th scope="row">waited</th><td>${formatSeconds(times.waiting)}</td></tr>${PHASES.map(
  ({ name, label }) => html`<tr><th scope="row">${label}</th><td>${formatSeconds(times[name])}</td></tr>`,
)}</tbody></table>`
