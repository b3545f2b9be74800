import { PARAMETER_NAMES, parameterText, varyingParameters } from '../tracking/parameter-differences.ts'
import { formatDollars, formatRate, formatSeconds, formatTime } from './amounts.ts'
import { renderFigure } from './figure.ts'
import { type Html, html } from './html.ts'
import type { Meaning } from './meanings.ts'
import type { SheetJob } from './sheet-job.ts'
import { totalsOf } from './totals.ts'

export interface SheetHeading {
  readonly title: string
  /** Source of the jobs, in one line; empty if none is shown. */
  readonly subtitle: string
  /** ISO 8601. */
  readonly madeAt: string
}

const tile = (value: number, label: string, kind = ''): Html =>
  html`<li class="${kind}"><b>${value}</b><span>${label}</span></li>`

const figureTile = (meaning: Meaning, value: string, label: string): Html =>
  html`<li>${renderFigure(meaning, label, value)}</li>`

/** Renders the parameters that all jobs share, once for all of them. */
const renderCommon = (jobs: readonly SheetJob[]): Html | false => {
  const parameters = jobs.map(({ status }) => status.parameters)
  const [first] = parameters
  if (first === undefined || parameters.length < 2) return false
  const varying = new Set(varyingParameters(parameters))
  const common = PARAMETER_NAMES.filter((name) => !varying.has(name))
  if (common.length === 0) return false
  return html`<details class="common"><summary>Same in all</summary><p>${common.map(
    (name) => html`<span>${name} <b>${parameterText(name, first)}</b></span> `,
  )}</p></details>`
}

/** Renders the totals of the batch. */
export const renderSummary = (jobs: readonly SheetJob[], { title, subtitle, madeAt }: SheetHeading): Html => {
  const totals = totalsOf(jobs)
  return html`
<header class="summary">
<div class="heading"><h1>${title}</h1><p>${subtitle !== '' && html`${subtitle} · `}written <time datetime="${madeAt}">${formatTime(madeAt)}</time> · all times are UTC</p></div>
<ul class="totals">
${tile(totals.clips, totals.clips === 1 ? 'clip' : 'clips', 'good')}
${totals.warned > 0 && tile(totals.warned, 'with warnings', 'warned')}
${totals.failed > 0 && tile(totals.failed, 'failed', 'bad')}
${totals.cancelled > 0 && tile(totals.cancelled, 'cancelled')}
${totals.open > 0 && tile(totals.open, 'not done yet')}
${totals.spanSeconds !== null && figureTile('span', formatSeconds(totals.spanSeconds), 'submit to end')}
${totals.clipsPerHour !== null && figureTile('pace', formatRate(totals.clipsPerHour), 'clips/hour')}
${totals.deviceSeconds > 0 && figureTile('device-time', formatSeconds(totals.deviceSeconds), 'device time')}
${totals.costUsd !== null && figureTile('total-cost', formatDollars(totals.costUsd), 'cost')}
</ul>
${renderCommon(jobs)}
</header>`
}
