import { likenessOf, motionOf } from './card.ts'
import type { Facet } from './facets.ts'
import { type Html, html } from './html.ts'
import type { SheetJob } from './sheet-job.ts'

type Choice = readonly [value: string, label: string]

const ORDERS: readonly Choice[] = [
  ['newest', 'Newest first'],
  ['name', 'Name'],
  ['motion', 'Most motion first'],
  ['calm', 'Least motion first'],
  ['likeness', 'Least likeness first'],
  ['alike', 'Most likeness first'],
  ['warnings', 'Warnings first'],
  ['seconds', 'Slowest first'],
  ['cost', 'Dearest first'],
  ['state', 'State'],
]

/** The order in which the caller listed the jobs. The page offers it where it is not that of `newest`. */
const AS_LISTED: Choice = ['listed', 'As listed']

const areNewestFirst = (jobs: readonly SheetJob[]): boolean =>
  jobs.every(({ status }, index) => {
    const next = jobs[index + 1]
    return next === undefined || Date.parse(status.updatedAt) >= Date.parse(next.status.updatedAt)
  })

const renderOptions = (choices: readonly Choice[]): readonly Html[] =>
  choices.map(([value, label]) => html`<option value="${value}">${label}</option>`)

const renderSelect = (name: string, label: string, choices: readonly Choice[]): Html =>
  html`<label><span>${label}</span><select name="${name}">${renderOptions(choices)}</select></label>
`

const renderFacet = ({ name, values }: Facet): Html =>
  html`<label><span>${name}</span><select name="facet" data-facet="${name}"><option value="">any</option>${values.map(
    (value, position) => html`<option value="${position}">${value}</option>`,
  )}</select></label>
`

/** Two fields for the least and the greatest value; nothing where all jobs have the same value. */
const renderRange = (name: string, label: string, values: readonly number[]): Html | null => {
  if (new Set(values).size < 2) return null
  const [least, greatest] = [Math.floor(Math.min(...values) * 10), Math.ceil(Math.max(...values) * 10)]
  const field = (end: string, said: string, value: number): Html =>
    html`<input type="number" name="${name}-${end}" step="0.1" min="0" inputmode="decimal" placeholder="${(value / 10).toFixed(1)}" aria-label="${label}, ${said}">`
  return html`<div class="range"><span>${label}</span>${field('from', 'from', least)}<i>to</i>${field('to', 'to', greatest)}</div>
`
}

const renderState = (jobs: readonly SheetJob[]): Html | null => {
  const states = [...new Set(jobs.map(({ status }) => status.state))]
  if (states.length < 2) return null
  const count = (state: string): number => jobs.filter(({ status }) => status.state === state).length
  return renderSelect('state', 'State', [
    ['', 'any'],
    ...states.map((state): Choice => [state, `${state} (${count(state)})`]),
  ])
}

const renderFilters = (jobs: readonly SheetJob[], facets: readonly Facet[]): Html => html`
<details class="filters"><summary>Filters <b></b></summary><div>
${renderSelect('mark', 'Your mark', [
  ['', 'any'],
  ['kept', 'kept'],
  ['rejected', 'rejected'],
  ['none', 'not marked'],
])}
${renderState(jobs)}
${renderSelect('warned', 'Warnings', [
  ['', 'any'],
  ['yes', 'with warnings'],
  ['no', 'without'],
])}
${renderRange(
  'motion',
  'Motion',
  jobs.flatMap((job) => motionOf(job) ?? []),
)}
${renderRange(
  'likeness',
  'Likeness, dB',
  jobs.flatMap((job) => likenessOf(job) ?? []),
)}
${facets.map(renderFacet)}
<button type="button" name="reset">Reset</button>
</div></details>`

/** Hidden until the script is there to do what it offers. */
export const renderToolbar = (jobs: readonly SheetJob[], facets: readonly Facet[]): Html => {
  const orders = areNewestFirst(jobs) ? ORDERS : [AS_LISTED, ...ORDERS]
  const byFacet = facets.map(({ name }): Choice => [`facet:${name}`, `By ${name}`])
  return html`
<form class="toolbar" role="search" autocomplete="off" hidden>
<input type="search" name="words" placeholder="Find a name, id or value" aria-label="Find" autocomplete="off">
<select name="order" aria-label="Order">${renderOptions([...orders, ...byFacet])}</select>
<button type="button" name="motion">Pause all</button>
<output role="status"></output>
${renderFilters(jobs, facets)}
</form>`
}
