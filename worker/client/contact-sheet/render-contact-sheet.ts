import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type UsualParameters, usualOf } from '../tracking/parameter-differences.ts'
import { renderCard } from './card.ts'
import { imageFileName } from './card-names.ts'
import { renderChoiceBar } from './choice-bar.ts'
import { type Facet, facetsOf } from './facets.ts'
import { type Html, html, textOfHtml, trusted } from './html.ts'
import { renderMeanings } from './meanings.ts'
import { NO_UPLOADS, type ProblemUploads, renderProblems } from './problems.ts'
import type { SheetJob } from './sheet-job.ts'
import { renderSummary, type SheetHeading } from './summary-header.ts'
import { groupSweeps, type JobGroup } from './sweeps.ts'
import { renderToolbar } from './toolbar.ts'

export interface ContactSheetOptions extends SheetHeading {
  /** Parameters that jobs are compared with: the checkpoint's defaults. Default: those that most of the jobs have. */
  readonly usual?: UsualParameters
  /** Uploads from which not all jobs were made. Default: none. */
  readonly uploads?: ProblemUploads
  /** Bucket from which the clips can be downloaded later; `null` or absent if there is none. */
  readonly outputBucket?: string | null
}

const STYLES = [
  'theme',
  'page',
  'toolbar',
  'cards',
  'clips',
  'figures',
  'problems',
  'choice',
  'phone',
  'print',
].map((name) => `${name}.css`)
const SCRIPTS = [
  'play-clips.js',
  'mark-clips.js',
  'arrange-cards.js',
  'move-by-keys.js',
  'explain-figures.js',
]

const readTexts = async (names: readonly string[]): Promise<string> => {
  const read = (name: string): Promise<string> => readFile(new URL(`page/${name}`, import.meta.url), 'utf8')
  return (await Promise.all(names.map(read))).join('')
}

const sourceHash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Nothing from elsewhere: no network, no style or script but ours. `blob:` is what the script makes of data URIs. */
const contentPolicy = (style: string, script: string): string =>
  [
    "default-src 'none'",
    "img-src data: file: 'self'",
    "media-src data: blob: file: 'self'",
    `style-src ${sourceHash(style)}`,
    `script-src ${sourceHash(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')

interface SheetContext {
  readonly usual: UsualParameters
  readonly facets: readonly Facet[]
}

const renderGroup = ({ jobs, swept }: JobGroup, common: SheetContext): Html => {
  const [first, ...others] = jobs
  if (first === undefined) return html``
  if (others.length === 0) return renderCard(first, { ...common, swept: [] })
  const what = jobs.every(({ clips }) => clips.length > 0) ? 'clips' : 'jobs'
  return html`
<section class="sweep of-${Math.min(jobs.length, 4)}">
<h2><span>${imageFileName(first.status)}</span> <small>${jobs.length} ${what}${
    swept.length > 0 && html`, by ${swept.join(', ')}`
  }</small></h2>
<div class="cards">${jobs.map((job) => renderCard(job, { ...common, swept }))}</div>
</section>`
}

/**
 * One HTML page of jobs and their clips, which needs nothing but itself (and the files that it names, if clips are not
 * data URIs). All names in it are untrusted input, so everything is escaped.
 */
export const renderContactSheet = async (
  jobs: readonly SheetJob[],
  options: ContactSheetOptions,
): Promise<string> => {
  const [style, script] = await Promise.all([readTexts(STYLES), readTexts(SCRIPTS)])
  const usual = options.usual ?? usualOf(jobs.map(({ status }) => status.parameters))
  const common = { usual, facets: facetsOf(jobs) }
  return textOfHtml(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(style, script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${options.title}</title>
<style>${trusted(style)}</style>
</head>
<body>
${renderSummary(jobs, options)}
${renderProblems(jobs, options.uploads ?? NO_UPLOADS)}
${renderToolbar(jobs, common.facets)}
<main class="cards">${groupSweeps(jobs).map((group) => renderGroup(group, common))}</main>
${jobs.length === 0 && html`<p class="empty">There are no jobs.</p>`}
${renderChoiceBar(options.outputBucket ?? null)}
${renderMeanings()}
<script>${trusted(script)}</script>
</body>
</html>
`)
}
