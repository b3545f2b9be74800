import { type Html, html } from './html.ts'
import type { RejectedSheetClip, SheetClip, SheetJob } from './sheet-job.ts'

interface ClipContext {
  readonly name: string
  readonly width: number
  readonly height: number
}

/** Without the page's script the browser's own controls play it; the script brings better ones. */
const renderClip = (
  clip: SheetClip,
  { name, width, height }: ClipContext,
  badge: Html | false = false,
): Html => html`
<div class="clip${badge !== false && ' rejected'}">${badge}<video muted loop playsinline controls preload="none" width="${width}" height="${height}" ${
  clip.poster !== null && html`poster="${clip.poster}"`
} aria-label="Clip of ${name}" src="${clip.video}"></video>
<button type="button" class="play" hidden aria-label="Play ${name}"></button>
<button type="button" class="full" hidden aria-label="Full screen: ${name}"></button></div>`

const STILL_WORDS: Readonly<Record<string, string>> = {
  queued: 'In the queue',
  preparing: 'Being prepared',
  rendering: 'Rendering',
  publishing: 'Being published',
  failed: 'No clip',
  cancelled: 'Cancelled',
  succeeded: 'Clip not at hand',
}

const renderStill = ({ status, thumbnail }: SheetJob, { width, height }: ClipContext): Html => html`
<div class="still">${
  thumbnail === null
    ? html`<svg class="blank" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"></svg>`
    : html`<img src="${thumbnail}" width="${width}" height="${height}" alt="">`
}<span>${STILL_WORDS[status.state] ?? ''}</span></div>`

const renderRejected = (clip: RejectedSheetClip, { name, ...context }: ClipContext): Html =>
  renderClip(clip, { ...context, name: `${name}, rejected` }, html`<b class="badge">Rejected</b>`)

const renderAll = (job: SheetJob, context: ClipContext): Html | readonly Html[] => {
  if (job.clips.length > 0) return job.clips.map((clip) => renderClip(clip, context))
  if (job.rejected.length > 0) return job.rejected.map((clip) => renderRejected(clip, context))
  return renderStill(job, context)
}

/** Renders the clips of a job; if it has none, those that were rejected; else its input image. */
export const renderClips = (job: SheetJob, name: string): Html => {
  const { width, height } = job.status.parameters
  const context = { name, width, height }
  const isSeveral = Math.max(job.clips.length, job.rejected.length) > 1
  return html`<div class="clips${isSeveral && ' several'}">${renderAll(job, context)}</div>`
}
