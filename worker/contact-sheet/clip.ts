import { type Html, html } from './html.ts'
import type { SheetClip, SheetJob } from './sheet-job.ts'

interface ClipContext {
  readonly name: string
  readonly width: number
  readonly height: number
}

/** Without the page's script the browser's own controls play it; the script brings better ones. */
const renderClip = (clip: SheetClip, { name, width, height }: ClipContext): Html => html`
<div class="clip"><video muted loop playsinline controls preload="none" width="${width}" height="${height}" ${
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

const renderStill = ({ standing, picture }: SheetJob, { width, height }: ClipContext): Html => html`
<div class="still">${
  picture === null
    ? html`<svg class="blank" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"></svg>`
    : html`<img src="${picture}" width="${width}" height="${height}" alt="">`
}<span>${STILL_WORDS[standing.state] ?? ''}</span></div>`

/** The clips of a job, or its picture where it has none. */
export const renderClips = (job: SheetJob, name: string): Html => {
  const { width, height } = job.standing.parameters
  const context = { name, width, height }
  return html`<div class="clips${job.clips.length > 1 && ' several'}">${
    job.clips.length === 0 ? renderStill(job, context) : job.clips.map((clip) => renderClip(clip, context))
  }</div>`
}
