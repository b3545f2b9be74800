import { type Html, html } from './html.ts'
import type { SheetJob } from './sheet-job.ts'

const ORDERS: readonly (readonly [value: string, label: string])[] = [
  ['newest', 'Newest first'],
  ['name', 'Name'],
  ['seconds', 'Slowest first'],
  ['cost', 'Dearest first'],
  ['likeness', 'Least likeness first'],
]

/** The order in which the caller listed the jobs. The page offers it where it is not that of `newest`. */
const AS_LISTED = ['listed', 'As listed'] as const

const areNewestFirst = (jobs: readonly SheetJob[]): boolean =>
  jobs.every(({ status }, index) => {
    const next = jobs[index + 1]
    return next === undefined || Date.parse(status.updatedAt) >= Date.parse(next.status.updatedAt)
  })

/** Hidden until the script is there to do what it offers. */
export const renderToolbar = (jobs: readonly SheetJob[]): Html => {
  const states = [...new Set(jobs.map(({ status }) => status.state))]
  const count = (state: string): number => jobs.filter(({ status }) => status.state === state).length
  const orders = areNewestFirst(jobs) ? ORDERS : [AS_LISTED, ...ORDERS]
  return html`
<form class="toolbar" hidden>
<input type="search" name="words" placeholder="Find a name, id or value" aria-label="Find" autocomplete="off">
${
  states.length > 1 &&
  html`<select name="state" aria-label="State"><option value="">All ${jobs.length} jobs</option>${states.map(
    (state) => html`<option value="${state}">${count(state)} ${state}</option>`,
  )}</select>`
}
<select name="order" aria-label="Order">${orders.map(
    ([value, label]) => html`<option value="${value}">${label}</option>`,
  )}</select>
<button type="button" name="motion">Pause all</button>
<output role="status"></output>
</form>`
}
